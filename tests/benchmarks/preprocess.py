"""Preprocessing of adult (48,842 x 14), single-threaded, beside Keras's FeatureSpace on a share of the rows.

    python -m tests.benchmarks.preprocess [--share 0.1] [--repeats 5]

Schema and fit are once; encoding is of all rows, after the first call has traced the graph.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def seconds(function, repeats: int) -> float:
    """Returns the median wall time of a call."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def feature_space_seconds(frame) -> float:
    """Returns what FeatureSpace.adapt takes on the rows of `frame`, missing strings filled in."""
    import keras
    import tensorflow as tf

    columns = {name: frame[name].fillna("?") if frame[name].dtype == "str" else frame[name] for name in frame}
    features = {
        name: "float_normalized" if values.dtype != "str" else "string_categorical" for name, values in columns.items()
    }
    space = keras.utils.FeatureSpace(features=features, output_mode="concat")
    dataset = tf.data.Dataset.from_tensor_slices({name: values.to_numpy() for name, values in columns.items()}).batch(
        256
    )
    begin = time.perf_counter()
    space.adapt(dataset)
    return time.perf_counter() - begin


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Prints and returns the seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.1, help="share of the rows for FeatureSpace; 0 leaves it out")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    import tensorflow as tf

    import zoo
    from zoo.data.infer import infer
    from zoo.data.preprocessing import Preprocessor

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        print("TensorFlow has started: encoding takes the threads it has")
    frame = zoo.data.load("adult").frame()
    fitted = Preprocessor(infer(frame, "income")).fit(frame, frame["income"])
    fitted.encode(frame)
    found = {
        "schema and fit": seconds(
            lambda: Preprocessor(infer(frame, "income")).fit(frame, frame["income"]), options.repeats
        ),
        "encode": seconds(lambda: fitted.encode(frame), options.repeats),
    }
    if options.share > 0:
        part = frame.drop(columns="income").iloc[: max(1, int(len(frame) * options.share))]
        found[f"FeatureSpace.adapt, {len(part)} rows"] = feature_space_seconds(part)
    for name, value in found.items():
        print(f"{name:40} {value:8.3f} s")
    return found


if __name__ == "__main__":
    main()
