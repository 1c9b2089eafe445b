//! Nothing but a test, `tests/generated.rs`, which draws the contract's code from its .proto files.
//! It stands apart from the contract so that it still runs when the drawn code does not compile.
