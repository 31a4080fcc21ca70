"""`zoo serve`: a small server that speaks TensorFlow Serving's REST interface. Needs the extra `serve`.

server.py    the command: sockets, signals, limits       app.py        addresses, bodies and errors over ASGI
models.py    folders, versions, which one answers        batching.py   many requests, one run
protocol.py  JSON to tensors and back                    runtimes.py   TensorFlow or ONNX Runtime
lenient.py   rows as training took them                  metrics.py    what was done, for Prometheus
openapi.py   the addresses, what they take and answer    page.html     a page to try the models
"""
