"""The house: which package may know of which, by what their source imports, and what each must not know."""

import ast
import importlib
import inspect
import re
import sys
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

import destmock
from destmock._services import patches
from tests.programs import printed

ROOT = Path(destmock.__file__).parent

#: From the top down: a package or file imports only from floors below its own, for its types too.
FLOORS = [
    {"__main__", "pytest_plugin"},
    {"__init__", "_cli"},
    {"_server", "_explore"},
    {"_mock"},
    {"_pictures"},
    {"_api"},
    {"_cloudformation"},
    {"_services", "_durable"},
    {"_engine"},
    {"_runtime"},
    {"_observed"},
    {"_functions"},
    {"_isolation", "_time"},
    {"_aws"},
    {"errors", "_importing"},
]
PLACES = set().union(*FLOORS)
#: What a package may import beside the standard library and what lies below it; any other may import these.
WITHOUT_AWS_LIBRARIES = {"_aws", "_durable", "_engine", "_runtime", "_time"}
AWS_LIBRARIES = {"aiobotocore", "aiohttp", "boto3", "botocore", "moto", "s3transfer"}
MOST_PACKAGES, MOST_FILES = 16, 5
LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_TEST_FILE = 350, 50, 600

TESTS = Path(__file__).parents[1]
#: The folders of tests that no one package owns.
OF_ALL_PACKAGES = {"benchmarks", "peers", "promises", "snapshots", "templates"}

#: Every private name of botocore's, moto's or another library's that destmock uses, and why it must.
PRIVATE = {
    "aws-durable-execution-sdk-python": {
        "_overflow_queue": "a turn of the SDK's loop begins when there is something to send",
        "_seconds_until_next_refresh": "the same",
    },
    "awslambdaric.bootstrap": {
        "_get_handler": "AWS's own way of importing a handler, with its errors",
    },
    "botocore": {
        "_auth_token": "whether a session has a token of its own",
        "_components": "what a session is made of, to see whether somebody has changed it",
        "_extras_processor": "what completes a service's model that has been read",
        "_find_extras": "the same",
        "_additional_checkers": "what of an answer leads to another try",
        "_checkers": "the same",
        "_encode_headers": "a request's headers become bytes together",
        "_endpoint": "how many hold the parts of a client",
        "_request_signer": "the same, and where its credentials were found",
        "_credential_cls": "a client's credentials for buckets, which a new client begins without",
        "_create_api_method": "whether somebody makes the methods of clients in another way",
        "_create_methods": "the methods of a client's class, found in the model once",
        "_create_name_mapping": "the same",
        "_env": "the environment that a variable is looked up in",
        "_event_emitter": "the events of the session that makes a client's class",
        "_fget": "what a property of a service's model asks",
        "_gen_args": "what the documentation of a client's method is made of",
        "_gen_kwargs": "the same",
        "_docstring": "the same",
        "_get_ssl_context": "the TLS context of a client, made when it sends",
        "_get_internal_component": "the classes of errors, which the clients of a session share",
        "_response_parser_factory": "the same of how their answers are read",
        "_defaults": "whether a session's answers are read in another way",
        "_default_blob_parser": "the same",
        "_last_client_region_used": "what a session notes of the clients that it makes",
        "_manager": "the connections of a client, which want that context",
        "_create_config_chain_mapping": "where a session looks a setting up, made when it is asked for",
        "_mapping": "the same",
        "_overrides": "whether somebody has set a setting of a session's",
        "_register_config_store": "the moment when a session gets its settings",
        "_dict": "the headers of a request, without looking each up",
        "_host_from_url": "the host that a signature names, found once for each URL",
        "_prepare_body": "the body alone, for the signature",
        "_convert_type": "the type of a variable's value",
        "_instance_var": "what a variable is called in a session's settings",
        "_providers": "where a variable is looked for, one after the other",
        "_sign": "the key that signs a day's calls, found once",
        "_canonical_query_string_url": "a part of what is signed",
        "_modify_request_before_signing": "the headers that a signature wants",
        "_normalize_url_path": "a part of what is signed",
        "_header_value": "whether somebody signs headers in another way",
        "_inject_signature_to_request": "where a signature goes, if headers are no plain ones",
        "_urljoin": "the URL of a call, put together once",
        "_cache": "the models that a loader keeps, given up at the end of a test run",
        "_service_description": "the JSON that a service's model is read from",
        "_get_provider_params": "what a call and its client give for an endpoint, in one go",
        "_get_customized_builtins": "what a client gives for an endpoint",
        "_param_definitions": "what an endpoint follows from",
        "_builtins": "the same",
        "_provider": "the same",
        "_service_model": "the same",
        "_use_ssl": "the same",
        "_param_validator": "whether somebody checks parameters in another way",
        "_serializer": "what makes a request of parameters that are right",
        "_instance_cache": "where a client's endpoint is kept, until something of that is another",
        "_register_endpoint_feature_ids": "what the user agent says of an endpoint",
        "_resolve_param_as_builtin": "what a client gives for an endpoint",
        "_resolve_param_from_context": "what an operation gives for its endpoint",
        "_session": "whose settings and profile a variable is looked up in",
        "_session_instance_vars": "the settings of a session",
        "_PrefixTrie": "the handlers of a session, which those of others share",
        "_alias_event_name": "the names of events, looked for once",
        "_alias_name_cache": "the same",
        "_build_profile_map": "the profiles of a session, to which one of the machine's is added",
        "_client_config": "what a client's User-Agent follows from",
        "_credentials": "credentials that a session or signer has, without asking a provider",
        "_access_key": "credentials as they are, without fetching them again",
        "_secret_key": "the same",
        "_token": "the same",
        "_lookup_cache": "whether a user has registered handlers, until the next one is registered",
        "_emitter": "the events of a client that was made before the mock",
        "_event_aliases": "the names of events, looked for once",
        "_events": "a session's events, before it has handlers",
        "_handlers": "the handlers of a session, which those of others share",
        "_original_handler": "the same",
        "_register_builtin_handlers": "the moment when a session gets its handlers",
        "_register_default_handlers": "the moment when boto3 has set a session up",
        "_root": "the handlers of a session, which those of others share",
        "_unique_id_handlers": "the same",
    },
    "moto.awslambda": {
        "_aliases": "whether an ARN names an alias",
        "_arns": "functions by ARN: a function made for a handler is taken out again",
        "_create_zipfile_from_plaintext_code": "inline code of a template becomes AWS's zip",
        "_event_source_mappings": "all mappings, also those of a function that has gone",
        "_functions": "a function's versions, without moto's errors for one that isn't there",
        "_get_latest": "the function itself, whatever its qualifier",
        "_get_version": "one version, or nothing",
        "_invoke_lambda": "what a test without Docker puts its own function in the place of",
        "_lambdas": "the storage behind a region's Lambda",
        "_s3_content": "the code that a deployment names in S3",
    },
    "moto.cloudformation": {
        "_add_stack_event": "why a stack could not be deleted",
        "_account_id": "where an update makes a stack's resources",
        "_region_name": "the same",
        "_template": "the template that an update brings",
        "_create_resource_map": "a change set makes a stack's resources as CreateStack does",
        "_get_param": "the stack's name in a request",
        "_delete_resource": "a stack's resources are deleted in order",
        "_parsed_resources": "the resources that a stack has made so far",
        "_ResourceMap__get_resources_in_dependency_order": "a resource is made after all that it depends on",
        "_resource_json_map": "the order of a stack's resources, which follows from its template",
        "_output_json_map": "the names of a stack's exports, before its resources are made",
        "_resource_map": "the values of a stack's exports, once its resources are made",
        "_stack_id": "the stack that exports",
    },
    "aws-sam-translator": {
        "_METRICS_INSTANCE": "the translator counts its use in a file of the user's otherwise",
    },
    "moto.core": {
        "_create_account_specific_backend": "the step that notes that a service's backends are in use",
        "_generate_regions": "the regions of a service, found once",
        "_get_action": "which operation is called, whatever the protocol",
        "_import_backend": "a service's backends, found in its module",
        "_url_module": "the patterns of the URLs of a service",
        "_instances": "the services that moto resets at the end",
        "_internal": "moto's random numbers, which a seed makes repeatable",
        "_nested_count": "whether this mock is the outermost",
        "_registered": "the answers that moto registers for requests past botocore",
        "_registry": "the same",
    },
    "moto.ec2": {
        "_load_amis": "the images of a region, made when somebody asks",
    },
    "moto.events": {
        "_normalize_event_bus_arn": "the bus that a call names",
    },
    "moto.firehose": {
        "_format_s3_object_path": "the key of delivered records, whose prefix may have expressions",
    },
    "moto.logs": {
        "_event_id": "how many log events there were, which a seed makes repeatable",
    },
    "moto.s3": {
        "_notification_config_from_body": "the notifications that a request wants, before moto checks them",
        "_set_delete_marker": "moto tells nobody of a delete marker",
    },
    "moto.scheduler": {
        "_get_param": "what an update says of the time after completion, which moto drops",
        "_validate_start_date": "the same rule for every kind of schedule, after AWS's other rules",
    },
    "moto.sns": {
        "_filter_policy_matcher": "whether a subscription wants a message",
        "_find_subscription": "whether a subscription is there, with other attributes",
        "_get_attributes": "the attributes of a new subscription, which are checked before it is made",
        "_message_public_keys": "the certificates that moto serves",
        "_parse_message_structure": "the text of a message for one protocol",
        "_transform_message_attributes": "the attributes of a message, or of a batch",
        "_validate_filter_policy": "moto's own check, which doesn't know all operators",
    },
    "moto.stepfunctions": {
        "_SUPPORTED_API_PARAM_BINDINGS": "what a task passes on of its parameters",
    },
    "moto.sqs": {
        "_get_queue_name": "the queue that a request names, in its URL or by itself",
        "_messages": "all messages of a queue, the hidden ones too",
        "_messages_lock": "who waits for a message is told of it",
        "_old_receipt_handles": "handles that still delete a message",
    },
    "werkzeug": {
        "_compile_builder": "what builds a path's URL, made when somebody asks",
    },
    "xmltodict": {
        "_validate_name": "the names of tags, looked at once",
    },
    "threading": {
        "_daemonic": "a handler's threads don't keep the process from ending, whatever they say",
        "_release_save": "a condition is let go while an attempt waits for it in virtual time",
        "_acquire_restore": "the same",
        "_waiters": "who waits for a condition in virtual time is notified like the others",
    },
    "asyncio": {
        "_enter_task": "a handler's own loop runs inside the test's",
        "_event_loop_policy": "a handler doesn't find the loop that the test has set",
        "_local": "the same",
        "_get_running_loop": "the same",
        "_leave_task": "the same",
        "_set_running_loop": "the same",
    },
    "the standard library": {
        "_data": "whether the environment has changed",
        "_disable": "the least severe level that is logged: the property is slow",
        "_NormalAccessor": "the functions that paths of Python 3.10 keep for themselves",
        "_PySimpleQueue": "the threads of a handler's pool wait for work in virtual time",
        "_threads_queues": "a pool of a handler's keeps nobody from ending the process",
        "_callback": "the same",
        "_executor_manager_thread": "whose pool of processes it is that a handler gives work to",
        "_result_handler": "the same, of multiprocessing",
        "_state": "whether the work is done, though somebody holds its lock",
        "_index": "the same, of multiprocessing",
        "_length": "the same",
        "_thread_id": "whose event loop it is that a handler gives work to",
        "_SubParsersAction": "argparse has no public type for it",
        "_current_frames": "where a handler is that runs past its timeout",
        "_exit": "ends the process though a handler hangs",
        "_getframe": "who has called",
        "_idle_semaphore": "a pool begins anew in each execution environment",
        "_target": "the threads of the environment before leave then",
        "_args": "the same",
        "_processes": "a pool of multiprocessing's begins anew, too",
        "_initializer": "the same",
        "_initargs": "the same",
        "_is_gil_enabled": "whether built-in functions look as everywhere",
        "_testMethodName": "the name of a unittest test",
        "_typeshed": "types only",
        "_work_queue": "a pool begins anew in each execution environment",
        "_worker": "whether a thread of a pool has work",
    },
    "pytest": {
        "_fixtureinfo": "the names of the fixtures that a test asks for",
        "_pytest": "a test that is explored runs as pytest runs it, once for each failure",
        "_report_sections": "each of those runs has its own output",
        "_setupstate": "each has its own fixtures",
    },
}

#: Methods that change a list, a dictionary, a set or a deque.
CHANGES = {
    "add",
    "append",
    "appendleft",
    "clear",
    "difference_update",
    "discard",
    "extend",
    "insert",
    "intersection_update",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "setdefault",
    "sort",
    "update",
}


def name_of(path):
    """`errors`, `__init__`, `_aws.arn`, and `_aws` for its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def place_of(module):
    return module.partition(".")[0]


SOURCES = {name_of(path): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}
TREES = {module: ast.parse(source) for module, source in SOURCES.items()}
PACKAGES = {name_of(path) for path in ROOT.rglob("__init__.py")} - {"__init__"}


def imported(module):
    """Everything that a module imports anywhere, as dotted names, its own package's without `destmock.`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import in line {node.lineno}"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found = [name for name in submodules if name.removeprefix("destmock.") in SOURCES]
            if len(found) < len(submodules):
                found.append(node.module)
        else:
            continue
        for name in found:
            yield "__init__" if name == "destmock" else name.removeprefix("destmock.")


def own(module):
    """The modules of destmock's that a module imports; for a package, its `__init__`."""
    return {name for name in imported(module) if name in SOURCES} - {module}


def foreign(module):
    """The top-level packages that a module imports from outside of destmock and the standard library."""
    tops = {place_of(name) for name in imported(module) if name not in SOURCES}
    return tops - sys.stdlib_module_names - {"destmock"}


def floor_of(module):
    """Counted from the top."""
    return next(number for number, floor in enumerate(FLOORS) if place_of(module) in floor)


def test_there_are_at_most_sixteen_packages_beside_five_files():
    assert len(PLACES & PACKAGES) <= MOST_PACKAGES
    assert len(PLACES - PACKAGES) <= MOST_FILES


def test_every_module_has_a_place_in_the_house():
    assert {place_of(module) for module in SOURCES} == PLACES


def test_imports_point_down():
    """Each module imports only from floors below its own, and from its own package."""
    upward = {
        (module, name)
        for module in SOURCES
        for name in own(module)
        if place_of(name) != place_of(module) and floor_of(name) <= floor_of(module)
    }
    assert upward == set()


def test_no_modules_import_each_other_in_a_circle():
    order = list(TopologicalSorter({module: own(module) for module in SOURCES}).static_order())
    assert set(order) == set(SOURCES)


def test_the_rules_the_engine_the_runtime_and_time_know_neither_boto3_nor_moto():
    without = [module for module in SOURCES if place_of(module) in WITHOUT_AWS_LIBRARIES]
    assert {module for module in without if foreign(module) & AWS_LIBRARIES} == set()


def test_aws_s_rules_import_the_standard_library_and_each_other_only():
    rules = [module for module in SOURCES if place_of(module) == "_aws"]
    assert {module for module in rules if foreign(module)} == set()
    assert {place_of(name) for module in rules for name in own(module)} == {"_aws"}


def test_importing_aws_s_rules_and_time_imports_neither_boto3_nor_moto():
    modules = [module for module in SOURCES if place_of(module) in {"_aws", "_time", "errors"}]
    imports = "; ".join(f"import destmock.{module}" for module in modules)
    code = f"import sys; {imports}; print(*sorted({AWS_LIBRARIES} & set(sys.modules)))"
    assert printed(code) == "\n"


def test_no_module_is_longer_than_350_lines():
    lengths = {module: len(source.splitlines()) for module, source in SOURCES.items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_50_lines():
    """A docstring that documents the public API doesn't count."""
    long = {
        (module, node.name): length
        for module in SOURCES
        for node in ast.walk(TREES[module])
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := node.end_lineno - node.lineno + 1 - lines_of_docstring(node)) > LONGEST_FUNCTION
    }
    assert long == {}


def lines_of_docstring(node):
    return len((ast.get_docstring(node, clean=False) or "").splitlines())


def test_every_module_says_what_it_is():
    assert {module for module in SOURCES if not ast.get_docstring(TREES[module])} == set()


def test_a_package_says_in_one_sentence_what_lies_in_it_and_does_nothing_else():
    assert {package for package in PACKAGES if len(TREES[package].body) > 1} == set()
    sentences = {package: ast.get_docstring(TREES[package]) for package in PACKAGES}
    assert {package for package, sentence in sentences.items() if "\n" in sentence} == set()


def test_modules_inside_a_package_have_no_leading_underscore():
    hidden = [module for module in SOURCES if any(part.startswith("_") for part in module.split(".")[1:])]
    assert hidden == []


@pytest.mark.parametrize("name", destmock.__all__)
def test_every_public_name_is_documented(name):
    """Its methods and properties, too."""
    value = getattr(destmock, name)
    assert name == "Handler" or inspect.getdoc(value)  # a type alias has a comment
    members = vars(value) if inspect.isclass(value) else {}
    undocumented = [
        member
        for member, found in members.items()
        if not member.startswith("_")
        and (inspect.isfunction(found) or isinstance(found, (property, classmethod, staticmethod)))
        and not inspect.getdoc(found)
    ]
    assert undocumented == []


PATCHING = re.compile(r"^(Patch|unless_replaced|\w+\.replaced|patch\.object|getattr)$")


def private_names(module):
    """The private names that a module takes from elsewhere: attributes, imports, and what it patches."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and place_of(node.module or "") != "destmock":
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and PATCHING.search(ast.unparse(node.func)):
            yield from (found.value for found in node.args if isinstance(found, ast.Constant))


@cache
def names_of_our_own():
    """Everything private that destmock defines itself, as a name, an attribute or a slot."""
    return set(_defined())


def _defined():
    for node in chain.from_iterable(ast.walk(tree) for tree in TREES.values()):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def is_private(name):
    return (
        isinstance(name, str) and name.startswith("_") and not name.startswith("__") and name.isidentifier()
    )


#: Of named tuples, and of translations.
PUBLIC_IN_SPITE_OF_THEIR_UNDERSCORE = {"_", "_replace"}


def test_what_is_used_of_other_libraries_insides_is_in_one_table():
    """An upgrade of botocore or moto has one place to look."""
    table = set().union(*PRIVATE.values())
    ours = names_of_our_own() | PUBLIC_IN_SPITE_OF_THEIR_UNDERSCORE
    found = {name for module in SOURCES for name in private_names(module) if is_private(name)}
    ours = {name for name in ours if not name.startswith("_destmock_")}
    assert {name for name in found - ours if not name.startswith("_destmock_")} | (
        table & ours & found
    ) == table


def test_where_the_rules_live_nobody_looks_into_botocore_or_moto():
    libraries = [names for library, names in PRIVATE.items() if library.startswith(("botocore", "moto"))]
    theirs = set().union(*libraries) - names_of_our_own()
    without = {"_aws", "_engine", "_runtime", "_time"}
    rules = [module for module in SOURCES if place_of(module) in without or module == "_observed.facts"]
    assert {(module, name) for module in rules for name in {*private_names(module)} & theirs} == set()


def test_each_attribute_of_another_library_is_replaced_once():
    """By one list, in the room of its service; whatever wraps it twice depends on an order."""
    places = [module for module in SOURCES if "PATCHES" in dict(globals_of(module))]
    lists = [importlib.import_module(f"destmock.{module}").PATCHES for module in places]
    replaced = Counter((owner, name) for owner, name, *_ in set(chain.from_iterable(lists)))
    assert {what: number for what, number in replaced.items() if number > 1} == {}


#: The services whose moto takes long to import: their lists are entered at the first call of them.
ENTERED_LATER = {"_services.apigateway.deployments", "_services.apigateway.moto_apis"}


def test_every_service_s_list_of_replacements_is_part_of_the_one_that_a_mock_enters():
    services = [m for m in SOURCES if place_of(m) == "_services" and m not in ENTERED_LATER]
    lists = [importlib.import_module(f"destmock.{module}") for module in services]
    listed = set(chain.from_iterable(getattr(module, "PATCHES", ()) for module in lists))
    assert listed == set(chain(patches.PATCHES, *(make() for make in patches.LATER.values())))


def globals_of(module):
    """The names that a module assigns at its top level, with what it assigns."""
    for node in TREES[module].body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def changed(module):
    """The expressions whose value a module changes in place."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, (ast.Assign, ast.Delete)):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        else:
            targets = []
        yield from (target.value for target in targets if isinstance(target, (ast.Subscript, ast.Attribute)))
        if isinstance(node, ast.AugAssign):
            yield node.target
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            yield node.func.value


#: The stack of active simulations, and the attempts and event loops that must not be dropped as long as the
#: process lives.
GROWING = {("_engine.active", "active"), ("_time.stacks", "kept"), ("_runtime.event_loop", "free")}


def test_three_module_globals_change():
    """Every other list, dictionary and set at the top of a module is a table that stays as it is."""
    tables = {(module, name) for module in SOURCES for name, _ in globals_of(module)}
    found = set()
    for module, expression in chain.from_iterable(
        ((module, expression) for expression in changed(module)) for module in SOURCES
    ):
        match expression:
            case ast.Name(id=name):
                found.add((module, name))
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                found.add((owner, name))
    assert {(module, name) for module, name in found & tables} <= GROWING


def test_no_other_module_global_begins_empty():
    empty = [
        (module, name)
        for module in SOURCES
        for name, value in globals_of(module)
        if (isinstance(value, ast.List) and not value.elts)
        or (isinstance(value, ast.Dict) and not value.keys)
        or (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in {"list", "dict", "set", "deque", "defaultdict"}
            and not value.args
        )
    ]
    assert {*empty} == GROWING


def test_no_function_rebinds_a_module_global():
    nodes = ((module, node) for module in SOURCES for node in ast.walk(TREES[module]))
    assert {module for module, node in nodes if isinstance(node, ast.Global)} == set()


def test_no_test_file_is_longer_than_600_lines():
    """What a template deploys is no test."""
    files = [path for path in TESTS.rglob("*.py") if TESTS / "templates" not in path.parents]
    lengths = {str(path.relative_to(TESTS)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST_TEST_FILE} == {}


def test_each_folder_of_tests_is_named_for_a_package():
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/*.py")}
    assert {f"_{name}" for name in folders - OF_ALL_PACKAGES} <= PACKAGES
