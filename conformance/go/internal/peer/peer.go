// Package peer is the service that a go-plugin host and a go-plugin plugin without any Botkube talk through.
// It must not know which version of go-plugin it is built with: the same source is built with two.
package peer

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Name is what a host dispenses the service by.
const Name = "peer"

// Handshake is what both sides must agree on.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  7,
	MagicCookieKey:   "PEER_COOKIE",
	MagicCookieValue: "peer-cookie-value",
}

// Do answers a request in words with any bytes.
type Do func(ctx context.Context, request string) ([]byte, error)

// Plugin serves a Do in a plugin and dispenses one in a host.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Do Do
}

type server interface {
	do(ctx context.Context, request string) ([]byte, error)
}

var _ plugin.GRPCPlugin = &Plugin{}

// GRPCServer is called by go-plugin in the plugin's process.
func (p *Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&service, p)
	return nil
}

// GRPCClient is called by go-plugin in the host's process.
func (p *Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return Do(func(ctx context.Context, request string) ([]byte, error) {
		answer := &wrapperspb.BytesValue{}
		err := conn.Invoke(ctx, "/interop.Peer/Do", wrapperspb.String(request), answer)
		return answer.GetValue(), err
	}), nil
}

func (p *Plugin) do(ctx context.Context, request string) ([]byte, error) {
	return p.Do(ctx, request)
}

var service = grpc.ServiceDesc{
	ServiceName: "interop.Peer",
	HandlerType: (*server)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Do", Handler: handle}},
	Metadata:    "interop.proto",
}

func handle(srv interface{}, ctx context.Context, decode func(interface{}) error, intercept grpc.UnaryServerInterceptor) (interface{}, error) {
	request := &wrapperspb.StringValue{}
	if err := decode(request); err != nil {
		return nil, err
	}
	call := func(ctx context.Context, request interface{}) (interface{}, error) {
		answer, err := srv.(server).do(ctx, request.(*wrapperspb.StringValue).GetValue())
		if err != nil {
			return nil, err
		}
		return wrapperspb.Bytes(answer), nil
	}
	if intercept == nil {
		return call(ctx, request)
	}
	return intercept(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/interop.Peer/Do"}, call)
}
