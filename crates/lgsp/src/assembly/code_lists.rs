//! The platform's own service of code lists, as a system that gateways call like any other.
//!
//! A listener of its own, so that no caller ever reaches the control listener: it knows the readings
//! of code lists and nothing else. Whoever may call it through a gateway is a matter of connections.
//!
//! **Trust**: nobody signs on here: whoever can connect can read every code list. It belongs on
//! loopback or on a network of the platform's own machines.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use registry::Registry;
use web::Ambient;

use super::core::Core;
use crate::access_log;

/// Everything this listener answers.
pub(super) fn routes(core: &Core, registry: &Registry) -> Router {
    let ambient =
        Ambient { clock: Arc::clone(&core.clock), randomness: Arc::clone(&core.randomness) };
    let clock = Arc::clone(&core.clock);
    web::surface(registry.code_list_router(), ambient)
        .layer(from_fn_with_state(clock, access_log::log))
}
