package dev.mlops.core.onnx;

/** Why a file gives no model, as the end of a sentence; {@link OnnxRuntime} says which package it is of. */
final class OnnxRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OnnxRefusal(String how) {
    super(how);
  }

  OnnxRefusal(String how, Throwable cause) {
    super(how, cause);
  }

  /** {@return the message} */
  String how() {
    return String.valueOf(getMessage());
  }
}
