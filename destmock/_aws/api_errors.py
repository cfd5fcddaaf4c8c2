"""Pure: the errors that AWS answers, with AWS's literal texts in one table.

`AWSError` can be raised anywhere below `_api/operations`, which turns it into an HTTP answer.
"""

from __future__ import annotations

from typing import Any

from destmock._aws.arn import FUNCTION_NAME_PATTERN, LATEST, QUALIFIER_PATTERN

#: What a destination's ARN must look like (C17).
DESTINATION_PATTERN = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)

#: What the ARN of a layer's version must look like, and AWS's words for it, as users have reported them.
LAYER_PATTERN = (
    r"(arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)"
    r"|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)
LAYER_CONSTRAINTS = (
    "Member must have length less than or equal to 140, Member must have length greater than or equal to 1, "
    f"Member must satisfy regular expression pattern: {LAYER_PATTERN}, Member must not be null"
)

#: What a dead-letter queue's ARN must look like.
TARGET_ARN_PATTERN = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()"

NOTHING_TO_SET = "You must specify at least one of error handling or destination setting."
NO_SUCH_FUNCTION = "The function doesn't exist."
NO_CONFIG = "The function {arn} doesn't have an EventInvokeConfig"
QUALIFIER_MISMATCH = "The derived qualifier from the function name does not match the specified qualifier."
NAME_IS_QUALIFIED = "The function name must not include a version number or alias."
BAD_MARKER = "Invalid pagination key."
SELF_DESTINATION = "You can't specify the function as a destination for itself."
MISSING_DESTINATION = "The destination ARN {arn} is invalid."
MISSING_BUCKET = "Error occurred while ListBucket. S3 Error Code: 404 Not Found. S3 Error Message: Not Found"
FIFO_TOPIC = "FIFO-type Amazon SNS topics aren't supported as a destination."
UNSUPPORTED_DESTINATION = "The provided destination config {config} is invalid."
NOT_FOUND = "Function not found: {arn}"
OTHER_REGION = "Functions from '{arn_region}' are not reachable in this region ('{region}')"
TOO_LARGE = "{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
NOT_JSON = "Could not parse request body into json: Could not parse payload into json: {reason}"
BAD_CLIENT_CONTEXT = "Client context must be a valid Base64-encoded JSON object."
INCOMPLETE_SIGNATURE = (
    "Authorization header requires 'Credential' parameter with date, region, service and 'aws4_request'"
)
RATE_EXCEEDED = "Rate Exceeded."
TOO_MUCH_RESERVED = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
    "below its minimum value of [{least}]."
)
RECURSION = (
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
    "resources and stopped your function's invocation."
)
UNQUALIFIED = "You cannot invoke a durable function using an unqualified ARN."
NOT_DURABLE = "You cannot provide a durable execution name for a function that is not durable."
CALLBACK_OVER = "The callback is either timed out or already completed"
#: What Lambda says when it fails itself.
SERVICE_ERROR = "An error occurred and the request cannot be processed."
#: AWS's own typing (H4).
ZERO_CONCURRENCY = "Function not invoked. Function isconfigured with zero reserved concurrent executions"
_DEAD_LETTER = "Invalid dead letter queue ARN: "
DEAD_LETTER_FIFO = f"{_DEAD_LETTER}FIFO {{what}} is not supported for dead letter configuration"
DEAD_LETTER_REGION = (
    f"{_DEAD_LETTER}The resource specified by the TargetArn must be in the same region as the Lambda "
    "function it's associated with."
)
DEAD_LETTER_SERVICE = (
    f"{_DEAD_LETTER}The service specified by the TargetArn is not supported for dead letter configuration."
)
DEAD_LETTER_PERMISSION = "The provided execution role does not have permissions to call {action}"
#: The first is AWS's own text; the second isn't known, its code is documented.
TENANT_MISSING = (
    "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and "
    "try again."
)
NO_TENANTS = (
    "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request "
    "and try again."
)
NOT_FOR_TENANTS = "{} are not supported for functions with tenant isolation."

#: Whether the body spells it `Message` (True) or `message`.
_CAPITAL_MESSAGE = {
    "AccessDeniedException",
    "CallbackTimeoutException",
    "DurableExecutionAlreadyStartedException",
    "RecursiveInvocationException",
    "ResourceNotFoundException",
    "ServiceException",
}
#: Codes whose body has no `Type` (A14, A25).
_WITHOUT_TYPE = {"AccessDeniedException", "ValidationException"}


class AWSError(Exception):
    """An error that AWS answers: its code, its HTTP status and the members of its JSON body."""

    def __init__(self, code: str, message: str, status: int = 400, **extra: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        key = "Message" if code in _CAPITAL_MESSAGE else "message"
        kind = {} if code in _WITHOUT_TYPE else {"Type": "User"}
        self.body: dict[str, Any] = {**extra, **kind, key: message}


def invalid_parameter(message: str) -> AWSError:
    return AWSError("InvalidParameterValueException", message)


def conflict(message: str) -> AWSError:
    """The error of what can't be done to something as it stands."""
    return AWSError("ResourceConflictException", message, 409)


def precondition_failed(message: str) -> AWSError:
    """The error of a change of what somebody else has changed meanwhile."""
    return AWSError("PreconditionFailedException", message, 412)


def no_provisioned_concurrency() -> AWSError:
    text = "No Provisioned Concurrency Config found for this function"
    return AWSError("ProvisionedConcurrencyConfigNotFoundException", text, 404)


def not_found(message: str) -> AWSError:
    return AWSError("ResourceNotFoundException", message, 404)


def function_not_found(unqualified_arn: str, qualifier: str | None) -> AWSError:
    """The 404 of an invocation, whose ARN always ends in a qualifier (A12, A13)."""
    return not_found(NOT_FOUND.format(arn=f"{unqualified_arn}:{qualifier or LATEST}"))


def no_config(qualified_arn: str) -> AWSError:
    return not_found(NO_CONFIG.format(arn=qualified_arn))


def already_started(message: str) -> AWSError:
    """The error of an execution's name that another version or payload has taken (N5)."""
    return AWSError("DurableExecutionAlreadyStartedException", message, 409)


def callback_over() -> AWSError:
    """The error of a callback that nobody waits for any more (R34)."""
    return AWSError("CallbackTimeoutException", CALLBACK_OVER)


def payload_too_large(size: int, kind: str, limit: int) -> AWSError:
    """The error of a payload over the limit; the code that AWS answers is not in botocore's model (A30)."""
    text = TOO_LARGE.format(size=size, kind=kind, limit=limit)
    return AWSError("RequestEntityTooLargeException", text, 413)


def recursion() -> AWSError:
    """The error of a synchronous call that would close a loop (J6)."""
    return AWSError("RecursiveInvocationException", RECURSION)


def throttled(reason: str) -> AWSError:
    """The error of a throttle; `reason` says whose concurrency is zero or used up (A26)."""
    return AWSError("TooManyRequestsException", RATE_EXCEEDED, 429, Reason=reason)


def service() -> AWSError:
    """The error of a failure of Lambda itself (5xx)."""
    error = AWSError("ServiceException", SERVICE_ERROR, 500)
    error.body["Type"] = "Service"
    return error


def not_json(reason: str) -> AWSError:
    return AWSError("InvalidRequestContentException", NOT_JSON.format(reason=reason))


def bad_client_context() -> AWSError:
    return AWSError("InvalidRequestContentException", BAD_CLIENT_CONTEXT)


def wrong_type(value: object, wanted: str) -> AWSError:
    """The error of a JSON value whose type isn't the member's; the text is as AWS's clients report it."""
    kind = "NUMBER" if isinstance(value, int | float) else "STRING"
    kind = {bool: "TRUE" if value else "FALSE", list: "START_ARRAY", dict: "START_OBJECT"}.get(
        type(value), f"{kind}_VALUE"
    )
    return AWSError("SerializationException", f"{kind} can not be converted to {wanted}")


def not_parsed(reason: str) -> AWSError:
    """The error of a body, or of a value in a body, that AWS's parser can't read."""
    return AWSError("SerializationException", reason)


def unknown_operation(reason: str) -> AWSError:
    return AWSError("UnknownOperationException", reason, 404)


def access_denied(reason: str) -> AWSError:
    return AWSError("AccessDeniedException", reason, 403)


def not_authorized(who: str, action: str, arn: str, why: str) -> AWSError:
    """A denial of IAM's (A25)."""
    return access_denied(f"User: {who} is not authorized to perform: {action} on resource: {arn} {why}")


def bad_token() -> AWSError:
    return AWSError(
        "UnrecognizedClientException", "The security token included in the request is invalid.", 403
    )


def incomplete_signature() -> AWSError:
    return AWSError("IncompleteSignatureException", INCOMPLETE_SIGNATURE, 403)


def violation(value: object, member: str, constraint: str) -> str:
    """One finding of a ValidationException."""
    return f"Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"


def pattern(value: str, member: str, expression: str) -> str:
    return violation(value, member, f"satisfy regular expression pattern: {expression}")


def bad_function_name(value: str) -> str:
    return pattern(value, "functionName", FUNCTION_NAME_PATTERN)


def bad_qualifier(value: str) -> str:
    return pattern(value, "qualifier", QUALIFIER_PATTERN)


def validation(violations: list[str]) -> AWSError:
    """One error with all findings, in the order given, which is to be AWS's (A18)."""
    noun = "error" if len(violations) == 1 else "errors"
    text = f"{len(violations)} validation {noun} detected: {'; '.join(violations)}"
    return AWSError("ValidationException", text)
