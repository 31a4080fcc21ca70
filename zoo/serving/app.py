"""The addresses of TensorFlow Serving's REST interface over ASGI, a page for people, and the limits.

POST /v1/models/NAME[/versions/V]:predict | :classify | :regress
GET  /v1/models/NAME[/versions/V]           /v1/models/NAME[/versions/V]/metadata
GET  /metrics                               /monitoring/prometheus/metrics            /healthz
GET  /openapi.json                          /zoo/models                               /
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

from zoo.serving import metrics, openapi, protocol
from zoo.serving.batching import Closed, Full, Late
from zoo.serving.metrics import Call, Metrics
from zoo.serving.models import Served, Version
from zoo.serving.protocol import Refused

log = logging.getLogger("zoo.serving")
CALL = re.compile(r"/v1/models/([^/:]+)(?:/versions/([0-9]+))?:(classify|regress|predict)", re.IGNORECASE)
TOLD = re.compile(r"/v1/models(?:/([^/:]+))?(?:/versions/([0-9]+))?(/metadata)?", re.IGNORECASE)
READ_ON = 8  # times the limit of a body: further a client that sends too much is cut off without an answer
LONGEST = 19  # digits of a version, which is an int64
JSON = (b"content-type", b"application/json")


class App:
    """An ASGI application that answers for some models.

    Args:
        models: By name.
        lenient: Whether rows may be as training took them: see `zoo.serving.lenient`.
        most_bytes: Limit of a body.
        most_rows: Limit of the rows of a request.
        seconds: Limit of the time in which a body comes; that of answers is the batchers'.
    """

    def __init__(
        self,
        models: Mapping[str, Served],
        *,
        lenient: bool = False,
        most_bytes: int = 32 * 2**20,
        most_rows: int = 16_384,
        seconds: float = 30.0,
    ):
        self.models, self.lenient = models, lenient
        self.most_bytes, self.most_rows, self.seconds = most_bytes, most_rows, seconds
        self.metrics = Metrics()

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        headers, call = [JSON], Call()
        try:
            status, body, headers = await self._answered(scope, receive, call)
        except Refused as refused:
            status, body = refused.status, protocol.error(refused.said)
            if status == 503:
                headers = [JSON, (b"retry-after", b"1")]
            elif status in (408, 413):
                headers = [JSON, (b"connection", b"close")]  # what is left of the body is not read
        except _HungUp:
            return
        except Exception:
            log.exception("a request failed")
            status, body = 500, protocol.error("Internal error; the log has more.")
        self.metrics.count(call, status, time.perf_counter())
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answered(self, scope, receive, call: Call) -> tuple[int, bytes, list]:
        method, path = scope["method"], scope["path"]
        if method == "POST" and (match := CALL.fullmatch(path)):
            call.api = match[3].capitalize()
            call.model = match[1] if match[1] in self.models else ""  # of others, labels would grow without end
            body = await self._body(scope, receive)
            call.begin = time.perf_counter()
            return 200, await self._call(body, match[1], match[2], match[3].lower(), call), [JSON]
        if method in ("GET", "HEAD"):
            if match := TOLD.fullmatch(path):
                return 200, self._told(*match.groups()), [JSON]
            if path == "/":
                page = Path(__file__).with_name("page.html").read_bytes()
                return 200, page, [(b"content-type", b"text/html; charset=utf-8")]
            if path == "/zoo/models":
                return 200, _written({"models": [_shown(model) for model in self.models.values()]}), [JSON]
            if path in metrics.PATHS:
                text = self.metrics.text(self.models, lenient=self.lenient)
                return 200, text, [(b"content-type", metrics.CONTENT_TYPE)]
            if path == "/openapi.json":
                return 200, _written(openapi.document(self.models.values(), lenient=self.lenient)), [JSON]
            if path == "/healthz":
                return 200, _written({"status": "ok"}), [JSON]
        if path.lower().startswith("/v1/"):
            raise Refused(400, f"Malformed request: {method} {path}")
        raise Refused(404, f"There is nothing at {path}. Models answer at /v1/models/NAME:predict.")

    async def _body(self, scope, receive) -> bytes:
        """Returns the body.

        Raises:
            Refused: if it is too large, too slow, or not as its encoding says.
            _HungUp: if the client is gone.
        """
        too_large = Refused(413, f"A body must have at most {self.most_bytes} bytes. Send the rows in parts.")
        headers = dict(scope["headers"])
        patience = self.most_bytes if b"expect" in headers else READ_ON * self.most_bytes  # who expects has not sent
        if int(headers.get(b"content-length", 0)) > patience:
            raise too_large
        parts, size = [], 0
        try:
            async with asyncio.timeout(self.seconds):  # the first part too: a client may send headers alone
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _HungUp
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self.most_bytes:
                        parts.clear()  # the rest is thrown away: most clients read no answer before all is sent
                    if size > patience or not message.get("more_body"):
                        break
        except TimeoutError:
            raise Refused(408, f"The body must come within {self.seconds:g} seconds.") from None
        if size > self.most_bytes:
            raise too_large
        body = b"".join(parts)
        if b"gzip" in headers.get(b"content-encoding", b"").lower():
            body = _unpacked(body, self.most_bytes + 1)
            if len(body) > self.most_bytes:
                raise too_large
        return body

    async def _call(self, body: bytes, name: str, number: str | None, method: str, call: Call) -> bytes:
        request = protocol.parse(body)
        signature = protocol.signature_name(request)
        while True:
            version = self._version(name, number)
            call.version = str(version.number)
            try:
                if method == "predict":
                    return await self._predict(version, request, signature or "serving_default", call)
                return await self._examples(version, request, signature, method, call)
            except Closed:  # a newer version took over between the two lines above
                continue

    async def _predict(self, version: Version, request, signature: str, call: Call) -> bytes:
        if signature not in version.signatures:
            raise Refused(400, f'Serving signature name: "{signature}" not found in signature def')
        lenient = version.lenient if self.lenient and signature == "serving_default" else None
        tensors, rows, by_row = protocol.tensors(
            request, version.signatures[signature][0], most_rows=self.most_rows, lenient=lenient
        )
        return protocol.answer(await self._run(version, signature, tensors, rows, call), by_row)

    async def _examples(self, version: Version, request, signature: str, method: str, call: Call) -> bytes:
        task = {"classify": "classification", "regress": "regression"}[method]
        wanted = signature or "serving_default"
        methods = {version.method: version.method} if version.method else {}
        through, features = version.of_examples
        if wanted not in (*version.signatures, *methods):
            raise Refused(400, f"No signature was found with the name: {wanted}")
        if methods.get(wanted) != method and not (self.lenient and wanted == "serving_default" and method in methods):
            raise Refused(
                400,
                f"Expected {task} signature method_name to be tensorflow/serving/{method}. Was: "
                f"tensorflow/serving/{methods.get(wanted, 'predict')}"
                + (f'. Ask with "signature_name": "{method}".' if method in methods else "")
                + (". Its answers have no such form: ask :predict." if version.schema and not methods else ""),
            )
        lenient = version.lenient if self.lenient else None
        tensors, rows = protocol.examples(request, features, most_rows=self.most_rows, method=method, lenient=lenient)
        outputs = await self._run(version, through, tensors, rows, call)
        return protocol.results(outputs, version.classes if method == "classify" else None)

    async def _run(self, version: Version, signature: str, tensors, rows: int, call: Call):
        try:
            outputs = await version.batcher.submit(signature, tensors, rows)
        except Full:
            raise Refused(503, "Too many requests are waiting. Try again in a moment.") from None
        except Late:
            raise Refused(503, "No answer in time. Try again later.") from None
        except Closed:
            raise
        except Exception as error:  # what the graph makes of the request, such as bytes that are no image
            raise Refused(400, " ".join(str(error).split())[:1000]) from None
        call.rows = rows
        return outputs

    def _version(self, name: str, number: str | None) -> Version:
        served = self.models.get(name)
        version = served.version if served is not None else None
        if version is None or (number is not None and _numeric(number) != version.number):
            wanted = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refused(404, f"Servable not found for request: {wanted}")
        return version

    def _told(self, name: str | None, number: str | None, metadata: str | None) -> bytes:
        if name is None:
            raise Refused(400, "Missing model name in request.")
        if metadata:
            version = self._version(name, number)
            spec = {"name": name, "signature_name": "", "version": str(version.number)}
            return _written(
                {"model_spec": spec, "metadata": {"signature_def": {"signature_def": version.metadata}}}, indent=1
            )
        served = self.models.get(name)
        states = {} if served is None else served.status()
        if number is not None:
            states = {known: state for known, state in states.items() if known == _numeric(number)}
        if not states:
            wanted = "any versions" if number is None else f"version {number}"
            raise Refused(404, f"Could not find {wanted} of model {name}")
        return _written(
            {
                "model_version_status": [
                    {
                        "version": str(known),
                        "state": state,
                        "status": {"error_code": "UNKNOWN" if said else "OK", "error_message": said},
                    }
                    for known, (state, said) in states.items()
                ]
            },
            indent=1,
        )


def _unpacked(body: bytes, most: int) -> bytes:
    """Returns at most so many bytes of what was compressed by gzip, which TensorFlow Serving takes too."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, most)
    except zlib.error as error:
        raise Refused(400, f"The body must be gzip, as its Content-Encoding says. Received: {error}") from None
    if len(found) < most and not unpacker.eof:
        raise Refused(400, "The body must be gzip, as its Content-Encoding says. Received: a part of it")
    return found


def _numeric(number: str) -> int:
    if len(number) > LONGEST:
        raise Refused(400, f"Failed to convert version: {number[:50]} to numeric.")
    return int(number)


class _HungUp(Exception):
    pass


def _shown(model: Served) -> dict:
    version = model.version
    return {
        "name": model.name,
        "version": version.number,
        "schema": version.schema,
        "signatures": sorted(version.signatures),
        "outputs": sorted(version.signatures["serving_default"][1]),
        "summary": ". ".join(filter(None, (f"{version.task or 'model'}, version {version.number}", version.line))),
        "sample": version.sample,
    }


def _written(value, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()
