// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.examples.speech;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.SafetensorsHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.format.TensorInfo;
import java.util.List;

/**
 * An ONNX file. Its weights lie in a safetensors file, so that it says name, type and shape of
 * each, and where its bytes are; or they are in it. The numbers are those of fields in {@code
 * onnx.proto}.
 */
final class OnnxModel {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int IR_VERSION = 8;
  private static final int OPERATOR_SET = 13;
  private static final int EXTERNAL = 1;

  private final ProtoWriter graph = new ProtoWriter();

  /** Makes a model without anything. */
  OnnxModel(String name) {
    graph.text(2, name);
  }

  /** Adds all tensors of a safetensors file as initializers, which stay there. */
  OnnxModel external(SafetensorsHeader file) {
    for (TensorInfo tensor : file.tensors()) {
      ProtoWriter initializer =
          initializer(tensor.name(), tensor.dtype(), tensor.shape())
              .message(13, entry("location", file.path().getFileName()))
              .message(13, entry("offset", file.dataOffset() + tensor.begin()))
              .message(13, entry("length", tensor.byteSize()))
              .number(14, EXTERNAL);
      graph.message(5, initializer);
    }
    return this;
  }

  /** Adds all tensors of a buffer as initializers, with their bytes. */
  OnnxModel embedded(FileBuffer buffer) throws LoadException {
    for (String name : buffer.keys()) {
      Tensor tensor = buffer.tensor(name);
      byte[] bytes = new byte[Math.toIntExact(tensor.byteSize())];
      tensor.asByteBuffer().get(bytes);
      graph.message(5, initializer(name, tensor.dtype(), tensor.shape()).bytes(9, bytes));
    }
    return this;
  }

  private static ProtoWriter initializer(String name, DType dtype, Shape shape) {
    return new ProtoWriter()
        .numbers(1, shape.dims())
        .number(2, OnnxTypes.inFiles(dtype))
        .text(8, name);
  }

  private static ProtoWriter entry(String key, Object value) {
    return new ProtoWriter().text(1, key).text(2, value.toString());
  }

  /** Adds a constant of integers. */
  OnnxModel integers(String name, long... values) {
    graph.message(
        5,
        new ProtoWriter()
            .number(1, values.length)
            .number(2, INT64)
            .numbers(7, values)
            .text(8, name));
    return this;
  }

  /** Adds an input of floats. */
  OnnxModel input(String name, long... shape) {
    graph.message(11, value(name, shape));
    return this;
  }

  /** Adds an output of floats. */
  OnnxModel output(String name, long... shape) {
    graph.message(12, value(name, shape));
    return this;
  }

  private static ProtoWriter value(String name, long... shape) {
    ProtoWriter dims = new ProtoWriter();
    for (long dim : shape) {
      dims.message(1, new ProtoWriter().number(1, dim));
    }
    ProtoWriter tensor = new ProtoWriter().number(1, FLOAT).message(2, dims);
    return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
  }

  /** Adds an operator. Names of inputs and outputs are separated by spaces. */
  OnnxModel node(String operator, String inputs, String outputs, ProtoWriter... attributes) {
    ProtoWriter node = new ProtoWriter();
    List.of(inputs.split(" ")).forEach(input -> node.text(1, input));
    List.of(outputs.split(" ")).forEach(output -> node.text(2, output));
    node.text(4, operator);
    for (ProtoWriter attribute : attributes) {
      node.message(5, attribute);
    }
    graph.message(1, node);
    return this;
  }

  /** Makes an attribute that is a number. */
  static ProtoWriter attribute(String name, long value) {
    return new ProtoWriter().text(1, name).number(3, value).number(20, 2);
  }

  /** Makes an attribute that is text. */
  static ProtoWriter attribute(String name, String value) {
    return new ProtoWriter().text(1, name).text(4, value).number(20, 3);
  }

  /** Makes an attribute that is a list of numbers. */
  static ProtoWriter list(String name, long... values) {
    return new ProtoWriter().text(1, name).numbers(8, values).number(20, 7);
  }

  /** Returns the bytes of the file. If weights are external, it belongs into their folder. */
  byte[] toByteArray() {
    return new ProtoWriter()
        .number(1, IR_VERSION)
        .message(7, graph)
        .message(8, new ProtoWriter().text(1, "").number(2, OPERATOR_SET))
        .toByteArray();
  }
}
