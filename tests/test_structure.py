"""How the zoo is put together: what may import what, what is packaged, how little `import zoo` costs."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "zoo"
ORDER = (
    "notices",
    "importing",
    "former_names",
    "display",
    "overrides",
    "progress",
    "recipes",
    "spec",
    "package_data",
    "entries",
    "plugins",
    "registry",
    "scores",
    "layers",
    "data",
    "tasks",
    "engine",
    "doctor",
    "solvers",
    "coefficients",
    "feeding",
    "models",
    "compiling",
    "model_config",
    "model",
    "automatic",
    "building",
    "run",
    "training",
    "artifacts",
    "serving",
    "playground",
    "plots",
    "sklearn",
    "cli",
)
HEAVY = ("tensorflow", "keras", "pandas", "sklearn", "jax", "scipy", "matplotlib")


def part(path):
    """Returns which of ORDER a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(node):
    """Returns the modules that an import statement names."""
    if isinstance(node, ast.ImportFrom):
        if node.module == "zoo":
            return [f"zoo.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def statements(tree):
    """Yields the import statements that run, and whether they run when the module is imported."""
    stack = [(node, True) for node in tree.body]
    while stack:
        node, at_import = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, at_import
        inside = at_import and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        stack.extend((child, inside) for child in ast.iter_child_nodes(node))


def sources():
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p.name != "__main__.py" and p != PACKAGE / "__init__.py"]


def test_every_file_has_its_place_in_the_order():
    assert {part(path) for path in sources()} <= set(ORDER)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_before_it(path):
    """`import zoo` alone, inside a function, is the lazy public surface, which has no place in the order."""
    rank = ORDER.index(part(path))
    for node, at_import in statements(ast.parse(path.read_text(encoding="utf-8"))):
        assert getattr(node, "level", 0) == 0, f"line {node.lineno}: relative imports hide where a thing stands"
        for module in imported(node):
            if module == "zoo":
                assert not at_import or part(path) == "cli", f"line {node.lineno}: import zoo inside the function"
            elif module.startswith("zoo."):
                below = ORDER.index(module.split(".")[1])
                assert below <= rank, f"line {node.lineno}: {module} stands above {part(path)}"


def test_the_order_is_seen_to_be_broken():
    tree = ast.parse("def f():\n    from zoo import model\nif TYPE_CHECKING:\n    import zoo.cli\n")
    assert [(imported(node), at_import) for node, at_import in statements(tree)] == [(["zoo.model"], False)]


def configuration():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_setup_cfg_lists_the_packages_that_there_are():
    listed = configuration()["options"]["packages"].split()
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert sorted(listed) == sorted(found | {"zoo.datasets", "zoo.saved_models"})


def test_the_folders_of_data_are_mapped_and_packaged_whole():
    parser = configuration()
    assert parser["options"]["package_dir"].split("\n")[1:] == [
        "zoo.datasets = datasets",
        "zoo.saved_models = saved_models",
    ]
    assert parser["options.package_data"]["zoo.datasets"] == "**/*"
    assert parser["options.package_data"]["zoo.saved_models"] == "**/*"


def test_the_folders_of_data_hold_no_python():
    """An importable top-level package `datasets` would hide Hugging Face's."""
    for name in ("datasets", "saved_models"):
        assert (ROOT / name).is_dir()
        assert not list((ROOT / name).rglob("*.py"))


def test_no_module_is_named_like_a_public_function():
    """`import zoo.build` would overwrite the function `zoo.build`."""
    functions = set(zoo.__all__) - {"data", "plots", "sklearn"}
    assert functions & {path.stem for path in PACKAGE.iterdir()} == set()
    assert {"load", "pipeline"} & {path.stem for path in (PACKAGE / "data").iterdir()} == set()


def test_the_public_surface_is_all_there():
    for name in zoo.__all__:
        assert getattr(zoo, name) is not None
    assert sorted(dir(zoo)) == sorted(zoo.__all__)


def test_mypy_sees_a_call_of_every_public_name():
    """In tests/typing/right.py, where each must have its type, or wrong.py, where it must be refused."""
    read = [(ROOT / "tests" / "typing" / name).read_text(encoding="utf-8") for name in ("right.py", "wrong.py")]
    used = {node.attr for text in read for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    assert set(zoo.__all__) - used == set()


def test_an_unknown_name_of_the_zoo_is_an_attribute_error_that_lists_the_known():
    name = "trian"
    with pytest.raises(AttributeError, match=r"no attribute 'trian'.*train"):
        getattr(zoo, name)


@pytest.mark.process
@pytest.mark.parametrize(
    "statement",
    [
        "import zoo; zoo.list_models(); zoo.info('mlp_classifier').options",
        "import zoo; [(zoo.info(name).options, zoo.info(name).option_meanings) for name in zoo.list_models()]",
        "from zoo.cli import main; main(['list'])",
        "from zoo.cli import main; main(['info', 'mlp_classifier'])",
        "from zoo.cli import main; main(['train', '--unknown'])",
        "from zoo.cli import main; main(['playground', '--port', '-1'])",
        "from zoo.cli import main; main(['schema', 'rows.csv', '--format', 'zip'])",
        "from zoo.cli import main; main(['train', 'mlp_classifier', 'rows.csv', '--decimal', ';'])",
        "from zoo.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_looking_around_imports_no_tensorflow(statement):
    check = f"{statement}\nimport sys; print('imported', [name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("imported []\n")


@pytest.mark.process
@pytest.mark.serial
def test_zoo_list_answers_in_half_a_second():
    """Of processor time, which other programs do not lengthen."""
    resource = pytest.importorskip("resource")

    def seconds():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    found = []
    for _ in range(5):
        begin = seconds()
        subprocess.run([sys.executable, "-m", "zoo", "list"], check=True, capture_output=True)
        found.append(seconds() - begin)
    assert min(found) < 0.5


# What is not public in Keras, TensorFlow and JAX stands in one file.

INTERNALS = PACKAGE / "engine" / "keras_internals.py"
LIBRARIES = ("keras", "tensorflow", "jax")


def is_private(name):
    """Returns whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__") and name != "_"


def own_names(tree):
    """Returns the private names that a file defines: functions, classes, and attributes of modules, classes or self."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_of_self(node):
            names.add(node.attr)
        if isinstance(node, ast.Module | ast.ClassDef):
            assigned = [child for child in node.body if isinstance(child, ast.Assign | ast.AnnAssign)]
            targets = [t for a in assigned for t in (a.targets if isinstance(a, ast.Assign) else [a.target])]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if is_private(name)}


def is_of_self(node):
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def private_uses(tree, own, listed):
    """Yields the lines in which a file uses what is not public in a library.

    Args:
        tree: The file's syntax tree.
        own: The private names that the zoo defines.
        listed: Those of the libraries that `keras_internals` knows. They are not to be named in strings either, and
            where the zoo has one of the same name, only `self` may have it.
    """
    elsewhere = own - listed
    of_self = elsewhere | own_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if node.attr not in (of_self if is_of_self(node) else elsewhere):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Attribute) and is_private_module(ast.unparse(node).replace("tf.", "tensorflow.")):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in listed:
            yield node.lineno, repr(node.value)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [f"{module}.{alias.name}" for module in imported(node) for alias in node.names]
            yield from ((node.lineno, name) for name in names if is_private_module(name))


def is_private_module(name):
    """Returns whether a dotted name leads into what a library calls its own: keras.src, tensorflow.python, jax._src."""
    library, *parts = name.split(".")
    inside = {"src", "python", "tools", "__internal__"}
    return library in LIBRARIES and any(part in inside or is_private(part) for part in parts)


def names_of_libraries(tree):
    """Returns the private names that `keras_internals` uses or lists, without those that it defines."""
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {name for name in attributes | strings if is_private(name)} - own_names(tree)


@pytest.fixture(scope="module")
def trees():
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources()}


def test_what_is_not_public_in_keras_tensorflow_and_jax_stands_in_one_file(trees):
    """An attribute with an underscore is the zoo's own where the zoo defines it and no library has it."""
    listed = names_of_libraries(trees[INTERNALS])
    own = set().union(*(own_names(tree) for tree in trees.values()))
    assert len(listed) > 15 and "_momentums" in listed
    found = {
        f"{path.relative_to(ROOT)}:{line}: {use}"
        for path, tree in trees.items()
        if path != INTERNALS
        for line, use in private_uses(tree, own, listed)
    }
    assert found == set()


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("model._flatten_layers()", "model._flatten_layers"),
        ("self._compile_metrics.metrics", "self._compile_metrics"),
        ("self._own = optimizer._momentums", "optimizer._momentums"),
        ("getattr(optimizer, '_momentums')", "'_momentums'"),
        ("from keras.src import backend", "keras.src.backend"),
        ("from tensorflow.python.eager.context import context", "tensorflow.python.eager.context.context"),
        ("import jax._src.core", "jax._src.core.jax._src.core"),
        ("tf.__internal__.tracking", "tf.__internal__"),
        ("keras.src.utils", "keras.src"),
        ("from tensorflow.lite.tools import flatbuffer_utils", "tensorflow.lite.tools.flatbuffer_utils"),
        ("def _momentums(): pass\noptimizer._momentums", "optimizer._momentums"),
    ],
)
def test_a_use_of_what_is_not_public_is_seen(line, use):
    tree = ast.parse(line)
    assert use in [found for _, found in private_uses(tree, own_names(tree), {"_momentums"})]


def test_the_zoo_s_own_private_names_are_told_apart():
    tree = ast.parse(
        "class A:\n    _b = 1\n    def f(self):\n        self._c = _d()\ndef _d(): pass\na._b, a._c, m._d\n"
    )
    assert own_names(tree) == {"_b", "_c", "_d"}
    assert list(private_uses(tree, own_names(tree), set())) == []


# What differs between kinds of columns is a method of the kind: nothing outside of zoo/data/columns asks which it is.

COLUMNS = PACKAGE / "data" / "columns"
OTHER_KINDS = {"dtype", "placement", "parameter"}  # of numpy's dtypes, of devices, of inspect's parameters
ASKED = {
    "get",
    "pop",
    "setdefault",
    "index",
    "count",
    "startswith",
    "endswith",
    "__eq__",
    "__contains__",
    "__getitem__",
}


def is_kind(node, names=()):
    """Returns whether an expression is a column's kind or the name of it: told from others by what stands before it.

    Args:
        node: The expression.
        names: Variables that hold a kind.
    """
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called == "getattr" and len(node.args) > 1:
            return ast.unparse(node.args[1]) == "'kind'"
        return called == "kind_of" or called == "str" and any(is_kind(argument, names) for argument in node.args)
    if isinstance(node, ast.NamedExpr):
        return is_kind(node.value, names)
    if isinstance(node, ast.Name):
        return node.id in names
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr == "name":
        return is_kind(node.value, names)
    return node.attr == "kind" and re.split(r"\W", ast.unparse(node.value))[-1] not in OTHER_KINDS


def questions_about_kinds(tree):
    """Yields the lines in which a file compares a column's kind, or looks something up by it."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    found = {}
    for scope in [tree, *functions]:
        assigned = [node for node in ast.walk(scope) if isinstance(node, ast.Assign) and scope is not tree]
        names = {t.id for a in assigned if is_kind(a.value) for t in a.targets if isinstance(t, ast.Name)}
        found |= dict.fromkeys(_questions(scope, names))
    yield from found


def _questions(tree, names):
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            asked = [node.subject]
        elif isinstance(node, ast.Subscript):
            asked = [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKED:
            asked = [*node.args, node.func.value]
        else:
            continue
        groups = (one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one] for one in asked)
        parts = [part for group in groups for part in group]
        if any(is_kind(part, names) for part in parts):
            yield node.lineno, ast.unparse(node.subject if isinstance(node, ast.Match) else node)


def columns_by_place(tree):
    """Yields the lines in which a file takes a column of a schema by its place, as if there were no others."""
    named = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.value).endswith("schema.columns")
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and re.fullmatch(r"-?\d+", ast.unparse(node.slice)):
            taken = ast.unparse(node.value)
            if taken in named or taken.endswith("schema.columns"):
                yield node.lineno, ast.unparse(node)


def test_nothing_outside_of_the_kinds_of_columns_asks_for_a_kind(trees):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {use}"
        for path, tree in trees.items()
        if COLUMNS not in path.parents
        for line, use in (*questions_about_kinds(tree), *columns_by_place(tree))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "column.kind == 'number'",
        "'image' != schema.columns[i].kind",
        "c.kind in ('array', 'image')",
        "'text' in {a.kind, b.kind}",
        "READERS[column.kind]",
        "READERS.get(column.kind, None)",
        "column.kind.startswith('im')",
        "kind_of(column).name == 'date'",
        "kind_of(column) is DATE",
        "group.kind.name in ('date',)",
        "getattr(column, 'kind') == 'text'",
        "(kind := column.kind) == 'text'",
        "def f(column):\n    kind = column.kind\n    return kind == 'text'",
        "match column.kind:\n    case 'text': pass",
        "self.schema.columns[0]",
        "columns = model.schema.columns\ncolumns[0].shape",
    ],
)
def test_a_question_about_a_kind_is_seen(line):
    tree = ast.parse(line)
    assert [*questions_about_kinds(tree), *columns_by_place(tree)]


@pytest.mark.parametrize(
    "line",
    [
        "values.dtype.kind in 'biuf'",
        "dtype.kind == 'f'",
        "placement.kind != 'one'",
        "parameter.kind is parameter.KEYWORD_ONLY",
        "def f(kind):\n    return kind == 'image'\ndef g(column):\n    kind = kind_of(column)\n    return kind.dtype",
        "kind_of(column).dtype == 'string'",
        "kind_of(column).has_numbers and group.kind.levels(column, state) is not None",
        "display.counted(column.kind for column in columns)",
        "frame.columns[0]",
        "(column,) = schema.columns",
    ],
)
def test_other_questions_are_none_about_a_kind(line):
    tree = ast.parse(line)
    assert [*questions_about_kinds(tree), *columns_by_place(tree)] == []
