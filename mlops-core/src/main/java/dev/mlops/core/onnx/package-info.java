/** ONNX models packaged and read; nothing outside this package loads ONNX Runtime, which is an optional dependency. */
@NullMarked
package dev.mlops.core.onnx;

import org.jspecify.annotations.NullMarked;
