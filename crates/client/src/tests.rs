//! The client against a small real platform on loopback.

mod calling;
mod platform;
mod proving;
