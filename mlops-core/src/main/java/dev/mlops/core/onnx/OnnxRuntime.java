package dev.mlops.core.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.mlops.api.model.Beta;
import dev.mlops.api.model.MlopsException;
import dev.mlops.api.model.Model;
import dev.mlops.api.model.Prediction;
import dev.mlops.api.pack.ModelLoadException;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.ModelRuntime;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.api.pack.PackageFile.Role;
import dev.mlops.api.pack.PackageIntegrityException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Loads ONNX models from packages, by ONNX Runtime 1.20 on the CPU.
 *
 * <p>The model is the one file of weights whose name ends with {@code .onnx}. Its inputs are bound to the columns of the
 * schema by name, one tensor [n, 1] per column, or it has one input [n, columns] of numbers, in the order of the columns.
 * Numbers become float, double, int64, int32 or bool, whichever the input is of; categories become string. A classifier
 * gives labels (string or int64), scores (a tensor [n, labels], or a sequence of maps as ZipMap makes it), or both; a
 * regression gives tensors of numbers. {@link OnnxPackage} says how labels and outputs get names that the file does not have.
 *
 * <p>Before ONNX Runtime sees a byte, all of them are verified and the file is looked through. Refused are: values in a
 * file that is not among the weights of the package, instructions for a training, sparse tensors, shapes larger than the
 * file or of more than 64 dimensions, and more than 100,000 nodes. The elements of all values that the graph makes of one
 * row are bounded from the shapes in the file: at most 16,777,216 and four for each element that the file holds. So are its
 * steps: at most 256 for each of these, where a step reads an element or adds a product. An operator whose values the file
 * does not bound, such as {@code ConstantOfShape}, {@code Loop} or one that is not known here, is refused by name, as is
 * the one at which a limit is passed, unless it is {@link #allowing allowed}. Values in a file of the package are read
 * verified and handed over in memory: no path of this machine is ever opened for a model. A model of at most 2 GiB is read,
 * and so is each tensor beside it.
 *
 * <p>A model computes on the thread that asks it and starts none. ONNX Runtime does not optimise its graph, so loading
 * computes nothing; a graph that needs it is stored optimised. A model holds native memory until it is closed; closing waits
 * for predictions under way, and a prediction after it throws {@link IllegalStateException}.
 *
 * <p>The first load unpacks the native library into the temporary folder, 17 MB; the property {@code
 * onnxruntime.native.path} names a folder that holds it.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
@Beta
public final class OnnxRuntime implements ModelRuntime {
  /** The name that packages know it by. */
  static final String NAME = "onnx";

  private static final String SUFFIX = ".onnx";

  /** The largest array that a JVM surely makes. */
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  /** Operators whose memory is not bounded. */
  private final Predicate<String> allowed;

  /** Makes the runtime that {@link java.util.ServiceLoader} finds. */
  public OnnxRuntime() {
    this(operator -> false);
  }

  private OnnxRuntime(Predicate<String> allowed) {
    this.allowed = allowed;
  }

  /** {@return a runtime that bounds no operator, for the model of a host that packages it} */
  static OnnxRuntime trusting() {
    return new OnnxRuntime(operator -> true);
  }

  /**
   * {@return a runtime that also loads models with these operators, however much memory they take}
   *
   * <p>Allow them for models of your own: they take as much memory as the model tells them to. An operator
   * is allowed with all that its own graphs hold: the body of an allowed {@code Loop} is not looked at.
   *
   * @param operators by their names in ONNX, such as {@code ConstantOfShape}, or of a function that a model brings; the
   *     message of a refusal says which ones
   * @throws IllegalArgumentException if one is blank
   */
  public OnnxRuntime allowing(String... operators) {
    Set<String> more = Set.copyOf(List.of(operators));
    for (String operator : more) {
      if (operator.isBlank()) {
        throw new IllegalArgumentException(
            "wanted the name of an operator, got \"" + MlopsException.shown(operator) + "\"");
      }
    }
    return new OnnxRuntime(allowed.or(more::contains));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Model load(ModelPackage source) {
    return model(source);
  }

  /** {@return the model in a package, which the caller closes} */
  OnnxModel model(ModelPackage source) {
    String what = source.model() + " sha256:" + source.digest().abbreviated();
    try {
      return decided(source, open(source));
    } catch (OnnxRefusal e) {
      throw new ModelLoadException(
          what + " cannot be loaded: " + e.how() + "; not loaded", e.getCause());
    } catch (PackageIntegrityException | ModelLoadException e) {
      throw e;
    } catch (NoClassDefFoundError | UnsatisfiedLinkError | ExceptionInInitializerError e) {
      throw new ModelLoadException(
          what + " cannot be loaded: ONNX Runtime is not there or cannot load its native library ("
              + e.getClass().getSimpleName() + "); wanted com.microsoft.onnxruntime:onnxruntime on"
              + " the class path, and a temporary folder that can be written or the property"
              + " onnxruntime.native.path; not loaded",
          e);
    } catch (Exception | LinkageError | StackOverflowError | OutOfMemoryError e) {
      // Whatever a framework throws on a file: the version that serves must go on serving.
      String message = e.getMessage();
      throw new ModelLoadException(
          what + " cannot be loaded: ONNX Runtime threw " + e.getClass().getSimpleName()
              + (message == null ? "" : " (" + MlopsException.shown(message) + ")")
              + "; not loaded",
          e);
    }
  }

  /** Refuses a package that decides by labels that its model never gives. */
  private static OnnxModel decided(ModelPackage source, OnnxModel loaded) throws OrtException {
    Prediction form = loaded.form();
    boolean kept = false;
    try {
      if (form != null) {
        source.requireDecides(form);
      }
      kept = true;
      return loaded;
    } finally {
      if (!kept) {
        loaded.close();
      }
    }
  }

  private OnnxModel open(ModelPackage source) throws OrtException, IOException {
    if (!source.runtime().equals(NAME)) {
      throw new OnnxRefusal("wanted runtime " + NAME + ", got runtime " + source.runtime());
    }
    List<PackageFile> weights = source.files(Role.WEIGHTS);
    List<PackageFile> models =
        weights.stream().filter(file -> file.name().endsWith(SUFFIX)).toList();
    if (models.size() != 1) {
      throw new OnnxRefusal(
          "wanted one file of weights whose name ends with " + SUFFIX + ", got " + models.size());
    }
    PackageFile model = models.get(0);
    byte[] bytes = bytes(source, model);
    OnnxFile file = OnnxFile.read(bytes);
    OnnxBounds.require(file, source.schema().size(), allowed);
    List<OnnxTensor> beside = new ArrayList<>();
    OrtSession session = null;
    boolean kept = false;
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      Map<String, OnnxTensorLike> external = new HashMap<>();
      long left = weights.stream().mapToLong(PackageFile::size).sum();
      for (OnnxFile.External tensor : file.externals()) {
        OnnxTensor values = values(environment, source, model, weights, tensor, left);
        left -= bytes(tensor);
        beside.add(values);
        if (external.put(tensor.tensor(), values) != null) {
          throw new OnnxRefusal(
              "two tensors have the name \"" + MlopsException.shown(tensor.tensor()) + "\"");
        }
      }
      try (SessionOptions options = new SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
        options.setOptimizationLevel(SessionOptions.OptLevel.NO_OPT);
        options.setCPUArenaAllocator(false);
        options.setMemoryPatternOptimization(false);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        if (!external.isEmpty()) {
          options.addExternalInitializers(external);
        }
        session = environment.createSession(bytes, options);
      }
      OnnxModel loaded =
          OnnxModel.of(environment, session, source.schema(), source.configuration(), file, beside);
      kept = true;
      return loaded;
    } finally {
      if (!kept) {
        if (session != null) {
          session.close();
        }
        beside.forEach(OnnxTensor::close);
      }
    }
  }

  private static byte[] bytes(ModelPackage source, PackageFile file) throws IOException {
    if (file.size() <= ModelPackage.LARGEST_READ) {
      return source.read(file);
    }
    requireSize(file, file.size());
    try (SeekableByteChannel channel = source.open(file)) {
      ByteBuffer all = ByteBuffer.allocate((int) file.size());
      fill(channel, all, file);
      return all.array();
    }
  }

  private static void requireSize(PackageFile file, long size) {
    if (size > LARGEST) {
      throw new OnnxRefusal("file " + file.name() + " must give at most " + LARGEST
          + " bytes at once, but gives " + size + "; keep large tensors in files of their own");
    }
  }

  private static void fill(SeekableByteChannel channel, ByteBuffer into, PackageFile file)
      throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("file " + file.name() + " ended early");
      }
    }
  }

  private static String shown(OnnxFile.External tensor) {
    return "tensor \"" + MlopsException.shown(tensor.tensor()) + "\"";
  }

  /** {@return the bytes that a tensor takes} */
  private static long bytes(OnnxFile.External tensor) {
    long bytes = Element.of(shown(tensor), tensor.type()).size();
    for (long dim : tensor.dims()) {
      if (dim < 0 || (dim > 0 && bytes > LARGEST / dim)) {
        throw new OnnxRefusal(shown(tensor) + " of the shape " + tensor.dims() + " has more than "
            + LARGEST + " bytes");
      }
      bytes *= dim;
    }
    return bytes;
  }

  /** The values of a tensor that lies in a file of the package; no other file is ever opened. */
  private static OnnxTensor values(
      OrtEnvironment environment,
      ModelPackage source,
      PackageFile model,
      List<PackageFile> weights,
      OnnxFile.External tensor,
      long left)
      throws OrtException, IOException {
    String shown = shown(tensor);
    String folder = model.name().substring(0, model.name().lastIndexOf('/') + 1);
    PackageFile file = weights.stream()
        .filter(each -> each.name().equals(folder + tensor.location()) && !each.equals(model))
        .findFirst()
        .orElseThrow(() -> new OnnxRefusal(shown + " lies in the file \""
            + MlopsException.shown(tensor.location())
            + "\", which is not among the weights of the package: "
            + MlopsException.shown(
                weights.stream().map(PackageFile::name).toList().toString())
            + "; nothing was read"));
    long wanted = bytes(tensor);
    long given = tensor.length() < 0 ? file.size() - tensor.offset() : tensor.length();
    if (tensor.offset() < 0 || given != wanted || tensor.offset() > file.size() - wanted) {
      throw new OnnxRefusal(shown + " of the shape " + tensor.dims() + " needs " + wanted
          + " bytes, but " + given + " from " + tensor.offset() + " on are said of " + file.name()
          + ", which has " + file.size());
    }
    if (wanted > left) {
      throw new OnnxRefusal(shown + " needs " + wanted + " bytes, but the tensors before it leave "
          + left + " of those that the weights of the package hold: they lie in the same ones");
    }
    ByteBuffer bytes = ByteBuffer.allocateDirect((int) wanted).order(ByteOrder.LITTLE_ENDIAN);
    try (SeekableByteChannel channel = source.open(file)) {
      channel.position(tensor.offset());
      fill(channel, bytes, file);
    }
    bytes.flip();
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new OnnxRefusal(
          shown + " lies in another file, which is read on little-endian machines" + " alone");
    }
    long[] shape = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    return OnnxTensor.createTensor(
        environment,
        bytes.order(ByteOrder.nativeOrder()),
        shape,
        Element.of(shown, tensor.type()).type());
  }

  /** The element types of tensors that may lie beside a model, by their numbers in ONNX. */
  private record Element(OnnxJavaType type, int size) {
    static Element of(String shown, int number) {
      Element element = byNumber(number);
      if (element == null) {
        throw new OnnxRefusal(shown + " has the element type " + number
            + ", which cannot lie in another file here: wanted float, double, int8, uint8, int16,"
            + " int32, int64, bool, float16 or bfloat16");
      }
      return element;
    }

    private static @Nullable Element byNumber(int number) {
      return switch (number) {
        case 1 -> new Element(OnnxJavaType.FLOAT, 4);
        case 2 -> new Element(OnnxJavaType.UINT8, 1);
        case 3 -> new Element(OnnxJavaType.INT8, 1);
        case 5 -> new Element(OnnxJavaType.INT16, 2);
        case 6 -> new Element(OnnxJavaType.INT32, 4);
        case 7 -> new Element(OnnxJavaType.INT64, 8);
        case 9 -> new Element(OnnxJavaType.BOOL, 1);
        case 10 -> new Element(OnnxJavaType.FLOAT16, 2);
        case 11 -> new Element(OnnxJavaType.DOUBLE, 8);
        case 16 -> new Element(OnnxJavaType.BFLOAT16, 2);
        default -> null;
      };
    }
  }
}
