# SPDX-License-Identifier: Apache-2.0
"""Tensors of fastsafetensors for numpy, torch, jax and others, in one process through JPype.

The jar of this module is on the class path of the JVM, and this file in it on Python's path:

    import sys, jpype
    jars = [...]                                     # among them fastsafetensors-interop-dlpack
    jpype.startJVM("--enable-native-access=ALL-UNNAMED", classpath=jars)
    sys.path.append(".../fastsafetensors-interop-dlpack-0.1.0.jar")
    import fastsafetensors_dlpack as fst

    weights = torch.from_dlpack(fst.export(buffer.tensor("weights")))     # no copy
    embedding = numpy.from_dlpack(fst.export(buffer.tensor("bf16"), bits=True))  # as uint16
    array = jax.dlpack.from_dlpack(fst.export(tensor, alignment=64))
    foreign = fst.take(torch.ones(3))                # for a SafetensorsWriter; close it

Buffer and loader may be closed before the arrays are gone. A capsule that nobody takes is given
back when the next is made, or by the garbage collector.
"""

import ctypes
import gc
import sys

import jpype

__all__ = ["Exported", "export", "take"]

_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_api.PyCapsule_GetName.restype = ctypes.c_char_p
_api.PyCapsule_GetName.argtypes = [ctypes.py_object]
_api.PyCapsule_SetName.restype = ctypes.c_int
_api.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]

# Where the deleter is in the struct, by the name of the capsule. Capsules keep no copy of names.
_DELETER = {b"dltensor_versioned": 16, b"dltensor": 56}
_NAMES = {name.decode(): name for name in _DELETER}
_USED = {name: b"used_" + name for name in _DELETER}

# A function of C: the GIL is given up while it is called.
_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

# Capsules by the address of their struct, until they are consumed. They have no destructor: one
# that is written in Python would run while a consumer's exception is on its way, and lose that.
_issued = {}


def _pop(address):
    """Takes a capsule out; with it, how many references there are, which are ours if nobody has it."""
    capsule = _issued.pop(address, None)
    return capsule, sys.getrefcount(capsule)


_issued[0] = object()
_OURS = _pop(0)[1]


def _give_back_unused(*_):
    """Gives back the memory of capsules that nobody took, and that nobody has any more."""
    for address in list(_issued):
        capsule, references = _pop(address)
        name = None if capsule is None else _api.PyCapsule_GetName(capsule)
        if name not in _DELETER:
            continue  # consumed, or another thread was here
        if references > _OURS:
            _issued[address] = capsule
        else:
            _delete(address + _DELETER[name], address)


def _delete(where, struct):
    deleter = ctypes.c_void_p.from_address(where).value
    if deleter:
        _Deleter(deleter)(struct)


gc.callbacks.append(_give_back_unused)


def _java(name):
    return jpype.JClass("io.fastsafetensors.dlpack." + name)


class Exported:
    """What from_dlpack takes: a tensor of Java, any number of times."""

    def __init__(self, tensor, *, bits=False, pairs=False, alignment=1, read_only=False):
        self.tensor = tensor
        builder = _java("ExportOptions").builder().bits(bits).pairs(pairs)
        self._options = builder.alignment(alignment).readOnly(read_only).build()

    def __dlpack_device__(self):
        device = self.tensor.device()
        try:
            return int(_java("DLPack").deviceType(device)), int(device.index())
        except jpype.JException as e:
            raise BufferError(e.getMessage()) from e

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        """Makes a capsule. No stream has to wait: the elements are all there."""
        _give_back_unused()
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"the tensor is on {self.tensor.device()}, not on {dl_device}")
        mode = {None: "AUTO", True: "ALWAYS", False: "NEVER"}[copy]
        versioned = max_version is not None and max_version[0] >= 1
        options = self._options.toBuilder().versioned(versioned).copy(getattr(_java("CopyMode"), mode)).build()
        try:
            capsule = _java("DLPack").export(self.tensor, options)
        except jpype.JException as e:
            raise BufferError(e.getMessage()) from e
        address = int(capsule.take())
        made = _api.PyCapsule_New(address, _NAMES[str(capsule.name())], None)
        _issued[address] = made
        return made


def export(tensor, *, bits=False, pairs=False, alignment=1, read_only=False):
    """Makes what from_dlpack of numpy, torch, jax, ... takes, of a tensor of Java.

    bits: elements as unsigned integers of their size, for who doesn't know the type.
    pairs: F4 as torch knows it, two in a byte.
    alignment: what the address is a multiple of; what isn't is copied. jax wants 64.
    read_only: memory that must not be written is handed over with a flag, and not copied.
    """
    return Exported(
        tensor, bits=bits, pairs=pairs, alignment=alignment, read_only=read_only
    )


def take(array):
    """Makes a ForeignTensor of Java, for a writer, of an array of numpy, torch, ... without a copy.

    The array's memory is held until the tensor is closed.
    """
    try:
        capsule = array.__dlpack__(max_version=(1, 1))
    except TypeError:  # of an older library
        capsule = array.__dlpack__()
    name = _api.PyCapsule_GetName(capsule)
    try:
        taken = _java("DLPack").take(name.decode(), _api.PyCapsule_GetPointer(capsule, name))
    except jpype.JException as e:
        raise BufferError(e.getMessage()) from e
    _api.PyCapsule_SetName(capsule, _USED[name])
    return taken
