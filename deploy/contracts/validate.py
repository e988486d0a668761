#!/usr/bin/env python3
"""Checks the published contracts, and golden files of real bytes against them. No network is used.

    validate.py [GOLDEN_FOLDER]        default: Tests/WireTests/Golden of this repository

Golden files are <kind>.<name>.json for a record's value and <kind>.<name>.headers.json for its headers: one JSON object, name to text, or
to {"base64": "..."} where a header is not text. The kind picks the schema: schemas/<kind>.schema.json or schemas/<kind>.headers.schema.json.
What the fleet itself writes is held to exactly the members that the schema lists; a consumer should ignore members that it does not know.

Exit code: 0 all valid, 1 something is not, 2 no golden file was found, 64 usage.
"""

import copy
import json
import re
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).resolve().parent
SCHEMAS = FOLDER / "schemas"
DEFAULT_GOLDEN = FOLDER.parent.parent / "Tests" / "WireTests" / "Golden"
WRITTEN_BY_THE_FLEET = {"reply", "progress", "signal", "decision", "policy", "experiment", "partition", "control", "idempotency"}
ANY_VALUE = {"deadletter", "retry"}  # the source record's bytes, whatever they are
RUNTIME_EXPRESSION = re.compile(r"\$message\.(header|payload)#(/(([^/~])|(~[01]))*)*")


class Report:
    """Prints one line per checked thing and remembers whether one failed."""

    def __init__(self):
        self.failures = 0

    def add(self, name, problems):
        print(f"{'FAIL' if problems else 'ok  '} {name}")
        for problem in problems:
            print(f"       {problem}")
        self.failures += bool(problems)


def refuse_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def read_json(path):
    text = path.read_bytes().decode("utf-8")
    return json.loads(text, object_pairs_hook=refuse_duplicates, parse_constant=refuse_constant)


def outside(uri):
    raise NoSuchResource(ref=uri)


def load_schemas(report):
    """Every schema file by its name, and a registry in which they find each other."""
    schemas = {}
    for path in sorted(SCHEMAS.glob("*.json")):
        try:
            schemas[path.name] = read_json(path)
        except ValueError as error:
            report.add(f"schemas/{path.name}", [str(error)])
    registry = Registry(retrieve=outside).with_resources(
        (name, DRAFT202012.create_resource(schema)) for name, schema in schemas.items())
    for name, schema in schemas.items():
        report.add(f"schemas/{name}", schema_problems(name, schema, registry))
    return schemas, registry


def references(node, path=""):
    """Every `$ref` below a node, with the place where it stands."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield path, node["$ref"]
        for key, value in node.items():
            yield from references(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from references(value, f"{path}/{index}")


def schema_problems(name, schema, registry):
    problems = []
    if schema.get("$schema") != "https://json-schema.org/draft/2020-12/schema":
        problems.append("$schema is not 2020-12")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        problems.append(f"{error.json_path}: {error.message}")
    resolver = registry.resolver(base_uri=name)
    for path, reference in references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            problems.append(f"{path}: {reference} does not resolve")
    if not problems:
        for index, example in enumerate(schema.get("examples", [])):
            problems += [f"examples/{index}: {p}" for p in value_problems(example, schema, registry)]
    return problems


def closed(schema):
    """The schema with every object that lists its members allowing no others."""
    schema = copy.deepcopy(schema)
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            pending.extend(node.values())
            kind = node.get("type")
            is_object = kind == "object" or isinstance(kind, list) and "object" in kind
            if is_object and isinstance(node.get("properties"), dict) and "additionalProperties" not in node:
                node["unevaluatedProperties"] = False
        elif isinstance(node, list):
            pending.extend(node)
    return schema


def value_problems(value, schema, registry):
    validator = Draft202012Validator(schema, registry=registry)
    problems = []
    for error in sorted(validator.iter_errors(value), key=lambda e: e.json_path):
        cause = best_match([error]) or error
        problems.append(f"{cause.json_path}: {cause.message}"[:400])
    return problems


def pick_schema(kind, is_headers, schemas):
    schema = schemas.get(f"{kind}.headers.schema.json" if is_headers else f"{kind}.schema.json")
    if schema is not None and kind in WRITTEN_BY_THE_FLEET:
        return closed(schema)
    return schema


def record_problems(value, kind, is_headers, schemas, registry):
    if kind in ANY_VALUE and not is_headers:
        return []
    schema = pick_schema(kind, is_headers, schemas)
    if schema is None or kind in {"common", "binary"}:
        return [f"there is no schema for {'headers' if is_headers else 'values'} of kind '{kind}'"]
    problems = value_problems(value, schema, registry)
    if is_headers and isinstance(value, dict):
        message = value.get("x-dlq-error-message")
        if isinstance(message, str) and len(message.encode("utf-8")) > 1024:
            problems.append("$.x-dlq-error-message: more than 1,024 bytes")
    return problems


def check_goldens(folder, schemas, registry, report):
    """Validates every golden file and returns how many there were."""
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    for path in paths:
        parts = path.name.split(".")
        is_headers = parts[-2] == "headers" and len(parts) > 3
        if len(parts) < (4 if is_headers else 3):
            report.add(path.name, ["the name is not <kind>.<name>.json or <kind>.<name>.headers.json"])
            continue
        try:
            problems = record_problems(read_json(path), parts[0], is_headers, schemas, registry)
        except (ValueError, RecursionError) as error:
            problems = [f"not JSON in UTF-8: {error}"]
        report.add(path.name, problems)
    return len(paths)


class Document:
    """The AsyncAPI document: resolves its references and checks its structure."""

    def __init__(self, root, schemas, registry):
        self.root, self.schemas, self.registry = root, schemas, registry
        self.problems = []

    def problem(self, path, text):
        self.problems.append(f"{path}: {text}")

    def pointer(self, fragment):
        node = self.root
        for token in fragment.lstrip("/").split("/"):
            token = token.replace("~1", "/").replace("~0", "~")
            node = node[int(token)] if isinstance(node, list) else node[token]
        return node

    def resolve(self, node):
        """Follows references inside the document and to schema files; None when one leads nowhere."""
        for _ in range(16):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node
            reference = node["$ref"]
            try:
                if reference.startswith("#/"):
                    node = self.pointer(reference[1:])
                elif reference.startswith("./schemas/"):
                    return self.registry.resolver().lookup(reference.removeprefix("./schemas/")).contents
                else:
                    return None
            except (KeyError, IndexError, ValueError, TypeError, Unresolvable):
                return None
        return None

    def section(self, owner, name, path):
        value = owner.get(name, {}) if isinstance(owner, dict) else {}
        if isinstance(value, dict):
            return value
        self.problem(f"{path}/{name}", "is not an object")
        return {}

    def check(self):
        if not isinstance(self.root, dict):
            return ["the document is not an object"]
        if self.root.get("asyncapi") != "3.1.0":
            self.problem("/asyncapi", "is not 3.1.0")
        info = self.section(self.root, "info", "")
        for name in ("title", "version"):
            if not isinstance(info.get(name), str):
                self.problem(f"/info/{name}", "is missing")
        allowed = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"}
        for name in self.root.keys() - allowed:
            self.problem(f"/{name}", "is not a member of an AsyncAPI document")
        for path, reference in references(self.root):
            if self.resolve({"$ref": reference}) is None:
                self.problem(path, f"{reference} does not resolve")
        for name, server in self.section(self.root, "servers", "").items():
            self.require(server, ("host", "protocol"), f"/servers/{name}")
        channels = self.section(self.root, "channels", "")
        operations = self.section(self.root, "operations", "")
        if not channels or not operations:
            self.problem("/", "channels and operations must not be empty")
        for name, channel in channels.items():
            self.check_channel(f"/channels/{name}", channel)
        for name, operation in operations.items():
            self.check_operation(f"/operations/{name}", operation)
        for name in channels.keys() - self.used_channels(operations):
            self.problem(f"/channels/{name}", "no operation uses it")
        return self.problems

    def require(self, node, names, path):
        for name in names:
            if not isinstance(node, dict) or name not in node:
                self.problem(f"{path}/{name}", "is missing")

    def used_channels(self, operations):
        used = set()
        for operation in operations.values():
            if isinstance(operation, dict):
                for owner in (operation, operation.get("reply") or {}):
                    used.add(str((owner.get("channel") or {}).get("$ref")).rpartition("/")[2])
        return used

    def check_channel(self, path, channel):
        self.require(channel, ("address", "messages"), path)
        if not isinstance(channel, dict):
            return
        address, parameters = channel.get("address"), self.section(channel, "parameters", path)
        in_address = set(re.findall(r"\{([^{}]+)\}", address or ""))
        if in_address != set(parameters):
            self.problem(path, f"address has {sorted(in_address)}, parameters are {sorted(parameters)}")
        if address is not None:
            kafka = (channel.get("bindings") or {}).get("kafka") or {}
            self.require(kafka, ("partitions", "topicConfiguration", "bindingVersion"), f"{path}/bindings/kafka")
            policy = (kafka.get("topicConfiguration") or {}).get("cleanup.policy")
            if not isinstance(policy, list) or not policy or not set(policy) <= {"delete", "compact"}:
                self.problem(f"{path}/bindings/kafka", "cleanup.policy is not a list of delete and compact")
        for name, message in self.section(channel, "messages", path).items():
            self.check_message(f"{path}/messages/{name}", self.resolve(message))

    def check_message(self, path, message):
        self.require(message, ("name", "payload"), path)
        if not isinstance(message, dict):
            return
        merged = {}
        for trait in message.get("traits", []):
            merged.update(self.resolve(trait) or {})
        merged.update(message)
        correlation = self.resolve(merged.get("correlationId"))
        if correlation is not None and not RUNTIME_EXPRESSION.fullmatch(str(correlation.get("location"))):
            self.problem(f"{path}/correlationId", "location is not a runtime expression")
        for index, example in enumerate(message.get("examples", [])):
            for part in ("headers", "payload"):
                if part in example:
                    self.check_example(f"{path}/examples/{index}/{part}", example[part], merged.get(part, {}))

    def check_example(self, path, value, reference):
        if "$ref" in reference:
            kind, *rest = reference["$ref"].removeprefix("./schemas/").split(".")
            problems = record_problems(value, kind, rest[0] == "headers", self.schemas, self.registry)
        else:
            problems = value_problems(value, reference, self.registry)
        for text in problems:
            self.problem(path, text)

    def check_operation(self, path, operation):
        self.require(operation, ("action", "channel"), path)
        if not isinstance(operation, dict):
            return
        if operation.get("action") not in ("send", "receive"):
            self.problem(f"{path}/action", "is neither send nor receive")
        self.check_messages_of_channel(path, operation)
        reply = operation.get("reply")
        if reply is None:
            return
        self.check_messages_of_channel(f"{path}/reply", reply)
        location = (self.resolve(reply.get("address")) or {}).get("location")
        if not RUNTIME_EXPRESSION.fullmatch(str(location)):
            self.problem(f"{path}/reply/address", "location is not a runtime expression")
        if (self.resolve(reply.get("channel")) or {}).get("address") is not None:
            self.problem(f"{path}/reply/channel", "its address must be null, as the address comes from the request")

    def check_messages_of_channel(self, path, owner):
        channel = (owner.get("channel") or {}).get("$ref", "")
        if not re.fullmatch(r"#/channels/[^/]+", channel):
            self.problem(f"{path}/channel", "is not a reference to a channel of this document")
        for index, message in enumerate(owner.get("messages", [])):
            if not str(message.get("$ref")).startswith(f"{channel}/messages/"):
                self.problem(f"{path}/messages/{index}", "is not a message of the operation's channel")


def check_asyncapi(schemas, registry, report):
    try:
        root = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
        problems = Document(root, schemas, registry).check()
    except (OSError, ValueError, yaml.YAMLError) as error:
        problems = [str(error)]
    report.add("asyncapi.yaml", problems)


def main(arguments):
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 64
    folder = Path(arguments[0]) if arguments else DEFAULT_GOLDEN
    report = Report()
    schemas, registry = load_schemas(report)
    if report.failures:
        print("validate.py: nothing was checked against the schemas, as they are not valid themselves", file=sys.stderr)
        return 1
    check_asyncapi(schemas, registry, report)
    count = check_goldens(folder, schemas, registry, report)
    print(f"{len(schemas)} schemas, {count} golden files, {report.failures} failures")
    if report.failures:
        return 1
    if count == 0:
        print(f"validate.py: no golden file (<kind>.<name>.json) in {folder}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
