//! Every rule, broken once.
//! Must not know: how findings are drawn.
