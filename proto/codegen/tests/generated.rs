//! The generated code is committed; this test draws it anew from the .proto files and fails when
//! the two differ. `UPDATE_GENERATED=1 cargo test -p twinfunnel-codegen` writes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_types::{FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto};

const RECEIPT: &str = ".twinfunnel.v1.Receipt";

#[test]
fn generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    draw(root, scratch.path());

    let committed = root.join("src/generated");
    let update = env::var_os("UPDATE_GENERATED").is_some();
    for drawn in files(scratch.path()) {
        let target = committed.join(drawn.file_name().unwrap());
        let bytes = fs::read(&drawn).unwrap();
        if update {
            fs::write(&target, &bytes).unwrap();
        }
        assert!(
            fs::read(&target).is_ok_and(|there| there == bytes),
            "{} is stale: run UPDATE_GENERATED=1 cargo test -p twinfunnel-codegen",
            target.display()
        );
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Draws messages, services, descriptor set and command table into `out`.
fn draw(root: &Path, out: &Path) {
    let protos: Vec<_> = files(&root.join("twinfunnel/v1"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "proto"))
        .collect();
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(protos)
        .unwrap();
    let described = compiler.file_descriptor_set();

    let mut config = prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .out_dir(out)
        .server_mod_attribute(".", "#[allow(unused_qualifications)]")
        .client_mod_attribute(".", "#[allow(unused_qualifications)]")
        .compile_fds_with_config(described.clone(), config)
        .unwrap();
    fs::write(out.join("commands.rs"), commands(&described)).unwrap();

    // What is served by reflection needs no comments.
    let mut bare = described;
    for file in &mut bare.file {
        file.source_code_info = None;
    }
    fs::write(out.join("descriptors.bin"), bare.encode_to_vec()).unwrap();
}

/// The command table: which command is of which noun, and one handler for all of them.
fn commands(described: &FileDescriptorSet) -> String {
    let services: Vec<_> = described
        .file
        .iter()
        .flat_map(|file| &file.service)
        .filter(|service| service.method.iter().all(|m| m.output_type() == RECEIPT))
        .collect();
    let mut out = String::from(
        "// Drawn from the .proto files by tests/generated.rs; do not edit.\n\n\
         use tonic::{Request, Response, Status};\n\n\
         use super::v1::{self, Receipt, command::Kind};\n\n",
    );
    for service in &services {
        noun_enum(&mut out, service);
    }
    route(&mut out, &services);
    door(&mut out, &services);
    out
}

fn noun_of(service: &ServiceDescriptorProto) -> String {
    service
        .name()
        .strip_suffix("CommandService")
        .expect("a command service's name")
        .to_owned()
}

fn message_of(method: &MethodDescriptorProto) -> &str {
    let message = method.input_type().rsplit('.').next().unwrap();
    assert_eq!(
        message,
        method.name(),
        "a command rpc bears its message's name"
    );
    message
}

fn noun_enum(out: &mut String, service: &ServiceDescriptorProto) {
    let noun = noun_of(service);
    writeln!(out, "/// A command about a {}.", spaced(&noun)).unwrap();
    writeln!(
        out,
        "#[derive(Debug, Clone, PartialEq)]\npub enum {noun}Command {{"
    )
    .unwrap();
    for method in &service.method {
        let name = message_of(method);
        writeln!(out, "    /// See [`v1::{name}`].\n    {name}(v1::{name}),").unwrap();
    }
    out.push_str("}\n\n");
}

fn route(out: &mut String, services: &[&ServiceDescriptorProto]) {
    out.push_str("/// A command, told apart by the noun it is about.\n#[derive(Debug, Clone, PartialEq)]\npub enum Route {\n");
    for noun in services.iter().map(|s| noun_of(s)) {
        writeln!(
            out,
            "    /// About a {}.\n    {noun}({noun}Command),",
            spaced(&noun)
        )
        .unwrap();
    }
    out.push_str("}\n\nimpl From<Kind> for Route {\n    fn from(kind: Kind) -> Self {\n        match kind {\n");
    for service in services {
        let noun = noun_of(service);
        for name in service.method.iter().map(message_of) {
            writeln!(
                out,
                "            Kind::{name}(m) => Self::{noun}({noun}Command::{name}(m)),"
            )
            .unwrap();
        }
    }
    out.push_str("        }\n    }\n}\n\n");
}

fn door(out: &mut String, services: &[&ServiceDescriptorProto]) {
    out.push_str(
        "/// Takes any command: what stands behind every command rpc.\n\
         #[tonic::async_trait]\n\
         pub trait HandleCommand: Clone + Send + Sync + 'static {\n    \
         /// Executes one command and answers its receipt.\n    \
         async fn handle(&self, request: Request<Kind>) -> Result<Response<Receipt>, Status>;\n}\n\n\
         /// Serves every command rpc by one handler.\n#[derive(Debug, Clone)]\npub struct CommandDoor<H>(pub H);\n\n",
    );
    for service in services {
        let noun = noun_of(service);
        let module = format!("{}_command_service_server", snake(&noun));
        writeln!(out, "#[tonic::async_trait]\nimpl<H: HandleCommand> v1::{module}::{noun}CommandService for CommandDoor<H> {{").unwrap();
        for name in service.method.iter().map(message_of) {
            writeln!(
                out,
                "    async fn {}(&self, request: Request<v1::{name}>) -> Result<Response<Receipt>, Status> {{\n        \
                 self.0.handle(request.map(Kind::{name})).await\n    }}",
                snake(name)
            )
            .unwrap();
        }
        out.push_str("}\n\n");
    }
    out.push_str(
        "/// Adds every command service to a router, each with the largest message it takes, in bytes.\n\
         pub fn add_command_services<H: HandleCommand>(routes: &mut tonic::service::RoutesBuilder, door: &CommandDoor<H>, max_len: usize) {\n",
    );
    for noun in services.iter().map(|s| noun_of(s)) {
        let module = format!("{}_command_service_server", snake(&noun));
        writeln!(
            out,
            "    routes.add_service(v1::{module}::{noun}CommandServiceServer::new(door.clone()).max_decoding_message_size(max_len));"
        )
        .unwrap();
    }
    out.push_str("}\n");
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn spaced(name: &str) -> String {
    snake(name).replace('_', " ")
}
