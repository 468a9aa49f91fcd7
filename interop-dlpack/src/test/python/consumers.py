# SPDX-License-Identifier: Apache-2.0
"""Hands tensors to numpy, torch and jax in one process with a JVM, and takes theirs.

Arguments: the class path, a folder for files, and the libraries to try (those of numpy, torch, jax;
each that is asked for must be there). Prints a matrix of types, a line for each check, and ends with
0 if all are right.
"""

import gc
import importlib
import itertools
import os
import subprocess
import sys
import threading
import traceback

import jpype

CLASSPATH, FOLDER, *NAMES = sys.argv[1:]
LIBRARIES = {name: importlib.import_module(name) for name in NAMES}
if "jax" in LIBRARIES:
    LIBRARIES["jax"].config.update("jax_enable_x64", True)
np = LIBRARIES.get("numpy")
torch = LIBRARIES.get("torch")
jax = LIBRARIES.get("jax")


def start_jvm():
    heap = ["-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch"]  # as large from the start
    options = ["--enable-native-access=ALL-UNNAMED", "-ea"]
    jpype.startJVM(*heap, *options, classpath=CLASSPATH.split(os.pathsep))


start_jvm()
import fastsafetensors_dlpack as fst  # noqa: E402

ROOT = "io.fastsafetensors."
AccessPath, LoadOptions, Loader, Tensor = (
    jpype.JClass(ROOT + name) for name in ("AccessPath", "LoadOptions", "Loader", "Tensor")
)
DType, SafetensorsWriter, Shape = (
    jpype.JClass(ROOT + "format." + name) for name in ("DType", "SafetensorsWriter", "Shape")
)
Arena, MemorySegment, ValueLayout = (
    jpype.JClass("java.lang.foreign." + name) for name in ("Arena", "MemorySegment", "ValueLayout")
)
Path = jpype.JClass("java.nio.file.Path")
List = jpype.JClass("java.util.List")

COUNT = 96
SHAPE = (4, 24)
FILE = os.path.join(FOLDER, "types.safetensors")


def write_file():
    writer = SafetensorsWriter()
    for i, dtype in enumerate(DType.values()):
        size = COUNT * dtype.bits() // 8
        data = bytes((i * 7 + at * 31) % 251 for at in range(size))
        if str(dtype) == "BOOL":
            data = bytes(at % 2 for at in range(size))
        segment = MemorySegment.ofArray(jpype.JArray(jpype.JByte)(data))
        writer.add(str(dtype), dtype, Shape.of(*SHAPE), segment)
    for name, shape in (("scalar", ()), ("empty", (3, 0))):
        segment = MemorySegment.ofArray(jpype.JArray(jpype.JFloat)([1.5] if not shape else []))
        writer.add(name, DType.F32, Shape.of(*shape), segment)
    writer.write(Path.of(FILE))
    with open(FILE, "rb") as file:
        return file.read()


CONTENT = write_file()


class Loaded:
    """A load, by whose tensors arrays are made; closed before they are used if asked for."""

    def __init__(self, path=AccessPath.AUTO, writable=True, file=FILE, alignment=0):
        options = LoadOptions.builder().path(path).writable(writable).alignment(alignment).build()
        self.loader = Loader.builder().build()
        self.loader.addFiles(0, List.of(Path.of(file)))
        self.buffer = self.loader.load(options)

    def __enter__(self):
        return self

    def __getitem__(self, name):
        return self.buffer.tensor(name)

    def __exit__(self, *_):
        self.buffer.close()
        self.loader.close()


def mappings(file=FILE):
    with open("/proc/self/maps") as maps:
        return sum(line.rstrip().endswith(file) for line in maps)


def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))


def array_bytes(name, array):
    if name == "numpy":
        return array.tobytes()
    if name == "torch":
        return bytes(array.contiguous().reshape(-1).view(torch.uint8).tolist())
    return LIBRARIES.get("numpy", importlib.import_module("numpy")).asarray(array).tobytes()


def from_dlpack(name, exported):
    library = LIBRARIES[name]
    return library.dlpack.from_dlpack(exported) if name == "jax" else library.from_dlpack(exported)


def raw(dtype):
    with Loaded() as loaded:
        segment = loaded[dtype].host().get()
        return bytes(segment.toArray(ValueLayout.JAVA_BYTE))


def reference(name, dtype):
    """What the reference loads: its type and bytes; None if it refuses the type."""
    from safetensors import safe_open

    framework = {"numpy": "np", "torch": "pt", "jax": "flax"}[name]
    try:
        with safe_open(FILE, framework=framework) as file:
            array = file.get_tensor(dtype)
            return str(array.dtype), array_bytes(name, array)
    except Exception:
        return None


def cell(name, dtype, exported):
    """Imports one type: by itself, or as unsigned integers where the library refuses it."""
    pairs = dtype == "F4" and name == "torch"
    try:
        array = from_dlpack(name, exported(bits=False, pairs=pairs))
    except Exception:
        array = from_dlpack(name, exported(bits=True))
        bits = max(8, int(DType.valueOf(dtype).bits()))
        assert str(array.dtype).endswith(f"uint{bits}"), array.dtype
        assert array_bytes(name, array) == raw(dtype)
        return f"as uint{bits}"
    assert array_bytes(name, array) == raw(dtype), "other bytes"
    known = reference(name, dtype)
    if known is not None:
        assert known == (str(array.dtype), raw(dtype)), (known[0], array.dtype)
    same = "" if known is not None else " (reference refuses)"
    return str(array.dtype).removeprefix("torch.") + same


CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


@check
def every_type():
    print("| type | " + " | ".join(LIBRARIES) + " |")
    with Loaded() as loaded:
        for dtype in map(str, DType.values()):
            tensor = loaded[dtype]
            row = [
                cell(name, dtype, lambda **how: fst.export(tensor, alignment=64, **how))
                for name in LIBRARIES
            ]
            print("| " + " | ".join([dtype] + row) + " |")


@check
def scalars_and_empty_tensors():
    for name in LIBRARIES:
        with Loaded() as loaded:
            scalar = from_dlpack(name, fst.export(loaded["scalar"]))
            empty = from_dlpack(name, fst.export(loaded["empty"]))
        assert tuple(scalar.shape) == () and float(scalar) == 1.5, name
        assert tuple(empty.shape) == (3, 0), name


@check
def kept_past_close():
    for name, bits in itertools.product(LIBRARIES, (False, True)):
        with Loaded() as loaded:
            array = from_dlpack(name, fst.export(loaded["F32"], bits=bits))
            scalar = from_dlpack(name, fst.export(loaded["scalar"]))
        gc.collect()
        assert array_bytes(name, array) == raw("F32"), name
        assert float(scalar) == 1.5
        del array, scalar
        gc.collect()
        assert mappings() == 0, name


@check
def taken_and_never_consumed():
    for max_version in (None, (1, 0)):
        with Loaded() as loaded:
            capsule = fst.export(loaded["F32"]).__dlpack__(max_version=max_version)
        assert mappings() > 0
        del capsule
        gc.collect()
        assert mappings() == 0


class Again:
    """Gives the same capsule each time."""

    def __init__(self, exported):
        self.exported = exported
        self.capsule = None

    def __dlpack_device__(self):
        return self.exported.__dlpack_device__()

    def __dlpack__(self, **asked):
        if self.capsule is None:
            self.capsule = self.exported.__dlpack__(**asked)
        return self.capsule


@check
def consumed_twice():
    for name in LIBRARIES:
        with Loaded() as loaded:
            again = Again(fst.export(loaded["F32"]))
            array = from_dlpack(name, again)
            try:
                from_dlpack(name, again)
                raise AssertionError(name + " took a capsule twice")
            except AssertionError:
                raise
            except Exception as error:
                print(f"  {name}: {type(error).__name__}: {error}".splitlines()[0])
        assert array_bytes(name, array) == raw("F32")
        del array, again
        gc.collect()
        assert mappings() == 0, name


@check
def dropped_on_another_thread():
    for name in LIBRARIES:
        with Loaded() as loaded:
            held = [from_dlpack(name, fst.export(loaded["F32"])) for _ in range(8)]
        threads = [threading.Thread(target=held.pop) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()
        assert not held and mappings() == 0, name


@check
def written_in_place():
    if torch is None:
        return
    for path, writable in itertools.product(AccessPath.values(), (True, False)):
        with Loaded(path, writable) as loaded:
            tensor = loaded["F32"]
            array = torch.from_dlpack(fst.export(tensor))
            shared = array.data_ptr() == tensor.address()
            assert shared == bool(tensor.isWritable()), (path, writable)
            array.zero_().add_(1)
            assert (tensor.getFloat(0, 0) == 1) == shared
        array.mul_(2)
        assert array.sum().item() == 2 * COUNT
        del array
        with open(FILE, "rb") as file:
            assert file.read() == CONTENT, "the file changed"


@check
def jax_takes_aligned_memory_without_a_copy():
    if jax is None:
        return
    with Loaded(alignment=64) as loaded:
        for dtype in ("F32", "BF16", "U8", "I64", "F8_E4M3", "scalar"):
            array = jax.dlpack.from_dlpack(fst.export(loaded[dtype], alignment=64))
            assert array.unsafe_buffer_pointer() == loaded[dtype].address(), dtype
    with Loaded() as loaded:
        moved = fst.export(loaded["BF16"], alignment=64)
        array = jax.dlpack.from_dlpack(moved)
        assert array_bytes("jax", array) == raw("BF16")
        arena = Arena.ofShared()
        memory = arena.allocate(1024, 64)
        tensor = Tensor.of("t", DType.F32, Shape.of(256), memory)
        array = jax.dlpack.from_dlpack(fst.export(tensor, alignment=64))
        assert array.unsafe_buffer_pointer() == memory.address()
        del array
        gc.collect()
        arena.close()


@check
def read_only_is_honoured_by_who_looks():
    with Loaded(AccessPath.AUTO, False) as loaded:
        tensor = loaded["F32"]
        if tensor.isWritable():
            print("  not mapped here")
            return
        for name in LIBRARIES:
            array = from_dlpack(name, fst.export(tensor, read_only=True))
            if name == "numpy":
                assert not array.flags.writeable
                assert array.ctypes.data == tensor.address()
                try:
                    array[0] = 1
                    raise AssertionError("numpy wrote")
                except ValueError as error:
                    print(f"  numpy: {error}")
            elif name == "torch":
                print("  torch: shares it:", array.data_ptr() == tensor.address())
            else:
                print("  jax: shares it:", array.unsafe_buffer_pointer() == tensor.address())
            assert array_bytes(name, array) == raw("F32")


@check
def what_needs_a_copy_and_must_not_have_one_is_a_buffer_error():
    with Loaded(AccessPath.AUTO, False) as loaded:
        exported = fst.export(loaded["F32"])
        if loaded["F32"].isWritable():
            print("  not mapped here")
            return
        for asked in ({"copy": False}, {"dl_device": (2, 0)}):
            try:
                exported.__dlpack__(max_version=(1, 0), **asked)
                raise AssertionError(asked)
            except BufferError as error:
                print(f"  {asked}: {error}")


@check
def many_capsules_leave_nothing():
    with Loaded() as loaded:
        exported = fst.export(loaded["scalar"])
        copied = fst.export(loaded["scalar"], alignment=256)
        consumers = [lambda e, name=name: from_dlpack(name, e) for name in LIBRARIES]

        def hand_over(count):
            for i in range(count):
                if i % 3 == 0:
                    exported.__dlpack__(max_version=(1, 0))
                else:
                    consumers[i % len(consumers)](exported if i % 2 else copied)
            gc.collect()
            jpype.JClass("java.lang.System").gc()

        hand_over(10_000)
        before = resident()
        hand_over(100_000)
        more = resident() - before
        print(f"  {more} KiB more after 100,000")
        assert more < 32 << 10


@check
def arrays_of_others_are_saved():
    file = os.path.join(FOLDER, "foreign.safetensors")
    arrays = {}
    if np is not None:
        arrays["numpy"] = np.arange(12, dtype=np.float64).reshape(3, 4)
        arrays["numpy-scalar"] = np.array(7, dtype=np.uint16)
    if torch is not None:
        arrays["torch"] = torch.arange(12).reshape(3, 4).to(torch.bfloat16)
        arrays["torch-bool"] = torch.tensor([True, False])
        arrays["torch-f8"] = torch.ones(5).to(torch.float8_e4m3fn)
        arrays["torch-complex"] = torch.ones(3, dtype=torch.complex64)
    if jax is not None:
        arrays["jax"] = jax.numpy.arange(6, dtype=jax.numpy.float32)
        arrays["jax-bf16"] = jax.numpy.ones((2, 2), dtype=jax.numpy.bfloat16)
    writer = SafetensorsWriter()
    foreign = {name: fst.take(array) for name, array in arrays.items()}
    for name, tensor in foreign.items():
        writer.add(name, tensor.dtype(), tensor.shape(), tensor)
    writer.write(Path.of(file))
    with Loaded(file=file) as loaded:
        for name, array in arrays.items():
            library = name.split("-")[0]
            back = from_dlpack(library, fst.export(loaded[name]))
            assert back.dtype == array.dtype and tuple(back.shape) == tuple(array.shape), name
            assert array_bytes(library, back) == array_bytes(library, array), name
            del back
    for tensor in foreign.values():
        tensor.close()
        tensor.close()
    if torch is not None:
        try:
            fst.take(torch.ones(3, 4).t())
            raise AssertionError("strides")
        except BufferError as error:
            print(f"  {error}")
    print("  " + ", ".join(f"{name} {foreign[name].dtype()}" for name in foreign))


@check
def foreign_memory_is_held_until_closed():
    if np is None:
        return
    array = np.zeros(1000, dtype=np.uint8)
    count = sys.getrefcount(array)
    tensor = fst.take(array)
    assert sys.getrefcount(array) == count + 1
    assert int(tensor.segment().address()) == array.ctypes.data
    tensor.close()
    assert sys.getrefcount(array) == count


END = """
import sys
sys.argv = ["consumers.py", {classpath!r}, {folder!r}, *{names!r}]
exec(open({script!r}).read().split("CHECKS = []")[0])
held = {{}}
for name in NAMES:
    with Loaded() as loaded:
        held[name] = from_dlpack(name, fst.export(loaded["F32"]))
        copied = from_dlpack(name, fst.export(loaded["F32"], alignment=256))
        unused = fst.export(loaded["F32"]).__dlpack__()
wanted = raw("F32")
if {shutdown}:
    jpype.shutdownJVM()
    for name in NAMES:
        assert array_bytes(name, held[name]) == wanted
        if name == "torch":
            held[name].add_(1)
    del held, copied, unused
print("over")
"""


@check
def arrays_outlive_the_jvm():
    for shutdown in (False, True):
        program = END.format(
            classpath=CLASSPATH,
            folder=FOLDER,
            names=NAMES,
            script=os.path.abspath(__file__),
            shutdown=shutdown,
        )
        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=300
        )
        assert ended.returncode == 0 and "over" in ended.stdout, (
            shutdown,
            ended.returncode,
            ended.stdout[-2000:],
            ended.stderr[-4000:],
        )


def main():
    failed = 0
    for function in CHECKS:
        try:
            print(f"{function.__name__.replace('_', ' ')}:", flush=True)
            function()
        except Exception:
            failed += 1
            print("  FAILED")
            traceback.print_exc(file=sys.stdout)
    print(f"{len(CHECKS)} checks of {', '.join(NAMES)}, {failed} failed")
    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
