"""The server as a process, over real sockets."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.serving.conftest import ROW

pytestmark = pytest.mark.process
BODY = json.dumps({"instances": [ROW]}).encode()
PREDICT = "/v1/models/ship:predict"


class Process:
    """`zoo serve` with its port and what it wrote."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoo", "serve", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.lines, self.log = [], []
        self._reading = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self._reading.start()
        self.port = None
        for line in self.process.stdout:
            self.lines.append(line)
            if match := re.fullmatch(r"serving on http://127\.0\.0\.1:(\d+)\n", line):
                self.port = int(match[1])
                break

    def ask(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content.startswith(b"{") else content

    def ended(self):
        """Waits for the end and returns the exit code."""
        code = self.process.wait(60)
        self._reading.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ended()


@pytest.fixture(scope="module")
def folder(served, tmp_path_factory):
    return shutil.copytree(served, tmp_path_factory.mktemp("live") / "ship")


@pytest.fixture(scope="module")
def server(folder):
    process = Process(folder, "--port", 0, "--poll", 0.2)
    yield process
    process.stop()


def test_it_says_what_it_serves_and_where(server):
    assert server.lines[0].startswith("ship: version 1 of ")
    assert server.ask("GET", "/healthz") == (200, {"status": "ok"})
    status, content = server.ask("POST", PREDICT, BODY)
    assert status == 200 and content["predictions"][0].keys() == {"label", "probability", "probabilities"}


def test_a_body_of_100_megabytes_is_refused_and_the_next_is_answered(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n" % PREDICT.encode())
        for _ in range(100):
            client.sendall(b" " * 2**20)
        assert client.recv(12) == b"HTTP/1.1 413"
    assert server.ask("POST", PREDICT, BODY)[0] == 200


def test_a_body_of_100_megabytes_in_chunks_is_refused_too(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % PREDICT.encode())
        for _ in range(100):
            client.sendall(b"100000\r\n" + b" " * 2**20 + b"\r\n")
        client.sendall(b"0\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"
    assert server.ask("POST", PREDICT, BODY)[0] == 200


def test_a_body_that_is_announced_or_never_ends_is_refused_at_once(server):
    head = b"POST %s HTTP/1.1\r\nHost: x\r\n" % PREDICT.encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(head + b"Content-Length: 104857600\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 413"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                client.sendall(b"100000\r\n" + b" " * 2**20 + b"\r\n")
    assert server.ask("POST", PREDICT, BODY)[0] == 200


def test_clients_that_hang_up_are_forgotten(server):
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (PREDICT.encode(), len(BODY))
    for cut in (b"", head[:20], head, head + BODY[:10], head + BODY):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
                client.sendall(cut)
    assert server.ask("POST", PREDICT, BODY)[0] == 200


@pytest.mark.serial
def test_2000_connections_at_once_are_all_answered(server):
    import resource

    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, most[1]), most[1]))
    request = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (PREDICT.encode(), len(BODY)) + BODY
    clients = []
    try:
        for _ in range(2000):
            clients.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        for client in clients:
            client.sendall(request)
        statuses = [client.recv(12) for client in clients]
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert set(statuses) <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    assert statuses.count(b"HTTP/1.1 200") >= 1000


def test_what_is_no_http_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert client.recv(12).startswith(b"HTTP/1.1 400")
    assert server.ask("GET", "/healthz")[0] == 200


def test_a_new_version_is_picked_up_live_and_a_corrupt_one_is_not(server, folder):
    def version():
        return server.ask("GET", "/v1/models/ship")[1]["model_version_status"]

    shutil.copytree(folder / "1", folder.parent / "beside")
    (folder.parent / "beside").rename(folder / "2")
    for _ in range(300):
        if version()[0]["version"] == "2":
            break
        time.sleep(0.1)
    assert [v["version"] for v in version()] == ["2"]
    (folder / "3").mkdir()
    (folder / "3" / "saved_model.pb").write_bytes(b"?")
    for _ in range(300):
        if len(version()) == 2:
            break
        time.sleep(0.1)
    assert [(v["version"], v["state"]) for v in version()] == [("3", "END"), ("2", "AVAILABLE")]
    assert server.ask("POST", PREDICT, BODY)[0] == 200
    assert any("version 3 cannot be served; version 2 goes on" in line for line in server.log)


def test_a_version_that_is_renamed_gives_way_to_the_one_before_it(server, folder):
    """After the test above: version 2 answers, and version 3 is broken."""
    (folder / "2").rename(folder / "2.worse")
    states = {}
    for _ in range(300):
        assert server.ask("POST", PREDICT, BODY)[0] == 200
        status = server.ask("GET", "/v1/models/ship")[1]["model_version_status"]
        states = {one["version"]: one["state"] for one in status}
        if "2" not in states:
            break
        time.sleep(0.05)
    assert states == {"1": "AVAILABLE", "3": "END"}
    text = server.ask("GET", "/metrics")[1].decode()
    assert 'zoo_serving_version_state{model_name="ship",version="1",state="AVAILABLE"} 1\n' in text
    assert 'request_count{model_name="ship",version="2",API="Predict",status="OK"}' in text
    assert server.ask("GET", "/openapi.json")[1]["openapi"] == "3.1.0"


def test_sigterm_answers_what_was_asked_and_ends_well(server):
    """Last of this server: a body that is on its way when the signal comes is still answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head % (PREDICT.encode(), len(BODY)))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # the request has begun
        client.sendall(BODY[:10])
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        client.sendall(BODY[10:])
        assert client.recv(12) == b"HTTP/1.1 200"
    assert server.process.wait(60) in (0, -signal.SIGTERM)
    with pytest.raises(ConnectionError):
        server.ask("GET", "/healthz")


@pytest.mark.slow
def test_a_port_that_is_taken_is_told(served):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Process(served, "--port", other.getsockname()[1])
        assert taken.port is None and taken.ended() == 2
        assert "Choose another with --port, or 0 for a free one" in "".join(taken.log)


@pytest.mark.serial
def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    begin = time.monotonic()
    none = Process(tmp_path / "nothing", "--runtime", "onnx")
    assert none.ended() == 2 and time.monotonic() - begin < 30
    assert "There is no folder" in "".join(none.log)


def test_onnx_imports_neither_tensorflow_nor_pandas(trained, tmp_path):
    from tests.serving.conftest import exported

    exported(trained, tmp_path / "ship", format="onnx")
    code = f"""
import os, sys, threading
from zoo.cli import main

def told_when_asked():
    sys.stdin.readline()
    print(sorted({{"tensorflow", "pandas", "keras", "scipy"}} & set(sys.modules)), flush=True)
    os._exit(0)

threading.Thread(target=told_when_asked, daemon=True).start()
main(["serve", {str(tmp_path / "ship")!r}, "--runtime", "onnx", "--port", "0"])
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        said = ""
        for said in process.stdout:
            if "serving on" in said:
                break
        rest, errors = process.communicate("\n", timeout=60)
    assert "serving on" in said and rest == "[]\n", errors
