// Package mute has reporters that do nothing, like those the agent uses outside its cloud. It must not know what would be
// reported: upstream's reporters take parameters of types in its internal packages, which nobody else can name, so the types
// are inferred.
package mute

import "context"

// Report is an analytics reporter.
type Report[T any] struct{}

// ReportCommand does nothing.
func (Report[T]) ReportCommand(T) error { return nil }

// ReportFor returns one of the type that is wanted.
func ReportFor[T any](interface{ ReportCommand(T) error }) Report[T] { return Report[T]{} }

// Audit is an audit reporter.
type Audit[E, S any] struct{}

// ReportExecutorAuditEvent does nothing.
func (Audit[E, S]) ReportExecutorAuditEvent(context.Context, E) error { return nil }

// ReportSourceAuditEvent does nothing.
func (Audit[E, S]) ReportSourceAuditEvent(context.Context, S) error { return nil }

// AuditFor returns one of the types that are wanted.
func AuditFor[E, S any](interface {
	ReportExecutorAuditEvent(context.Context, E) error
	ReportSourceAuditEvent(context.Context, S) error
}) Audit[E, S] {
	return Audit[E, S]{}
}
