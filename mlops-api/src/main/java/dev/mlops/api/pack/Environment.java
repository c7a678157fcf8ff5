package dev.mlops.api.pack;

import static java.util.Objects.requireNonNull;

import dev.mlops.api.model.Beta;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Where a model was made: Java, operating system, processor, default charset, and the names of environment variables.
 *
 * <p>Of an environment variable there is the name, never the value: a package holds no secret.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Beta
public final class Environment {
  private final String java;
  private final String javaVendor;
  private final String os;
  private final String osVersion;
  private final String architecture;
  private final String charset;
  private final SortedSet<String> variables;

  private Environment(Builder builder) {
    this.java = builder.java;
    this.javaVendor = builder.javaVendor;
    this.os = builder.os;
    this.osVersion = builder.osVersion;
    this.architecture = builder.architecture;
    this.charset = builder.charset;
    this.variables = Collections.unmodifiableSortedSet(new TreeSet<>(builder.variables));
  }

  /**
   * {@return the environment of this Java process}
   *
   * @param variables the names of environment variables that the model needs, whether they are set here or not
   */
  public static Environment here(String... variables) {
    return builder()
        .java(System.getProperty("java.version", ""))
        .javaVendor(System.getProperty("java.vendor", ""))
        .os(System.getProperty("os.name", ""))
        .osVersion(System.getProperty("os.version", ""))
        .architecture(System.getProperty("os.arch", ""))
        .charset(Charset.defaultCharset().name())
        .variables(Arrays.asList(variables))
        .build();
  }

  /**
   * {@return a builder of an environment of which nothing is known}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return the version of Java, such as {@code 17.0.15}; empty if nobody knows}
   */
  public String java() {
    return java;
  }

  /**
   * {@return who made that Java, such as {@code Eclipse Adoptium}; empty if nobody knows}
   */
  public String javaVendor() {
    return javaVendor;
  }

  /**
   * {@return the operating system, such as {@code Linux}; empty if nobody knows}
   */
  public String os() {
    return os;
  }

  /**
   * {@return the version of the operating system, such as {@code 6.1.0}; empty if nobody knows}
   */
  public String osVersion() {
    return osVersion;
  }

  /**
   * {@return the processor as Java names it, such as {@code amd64} or {@code aarch64}; empty if nobody knows}
   */
  public String architecture() {
    return architecture;
  }

  /**
   * {@return the default charset, such as {@code UTF-8}; empty if nobody knows}
   */
  public String charset() {
    return charset;
  }

  /**
   * {@return the names of the environment variables that the model needs, in order; possibly none}
   */
  public SortedSet<String> variables() {
    return variables;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Environment that
        && java.equals(that.java)
        && javaVendor.equals(that.javaVendor)
        && os.equals(that.os)
        && osVersion.equals(that.osVersion)
        && architecture.equals(that.architecture)
        && charset.equals(that.charset)
        && variables.equals(that.variables);
  }

  @Override
  public int hashCode() {
    return Objects.hash(java, javaVendor, os, osVersion, architecture, charset, variables);
  }

  /** {@return such as {@code Java 17.0.15 (Debian), Linux 6.1.0 amd64, UTF-8}} */
  @Override
  public String toString() {
    return "Java " + known(java) + " (" + known(javaVendor) + "), " + known(os) + " "
        + known(osVersion) + " " + known(architecture) + ", " + known(charset)
        + (variables.isEmpty() ? "" : ", variables " + String.join(", ", variables));
  }

  private static String known(String text) {
    return text.isEmpty() ? "unknown" : text;
  }

  /**
   * Says what an environment is; what is not said is unknown.
   *
   * <p>Not thread-safe: confine to one thread.
   *
   * @since 0.1
   */
  @Beta
  public static final class Builder {
    private String java = "";
    private String javaVendor = "";
    private String os = "";
    private String osVersion = "";
    private String architecture = "";
    private String charset = "";
    private final TreeSet<String> variables = new TreeSet<>();

    private Builder() {}

    /**
     * {@return this builder, with the version of Java}
     *
     * @param version such as {@code 17.0.15}
     */
    public Builder java(String version) {
      this.java = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with who made that Java}
     *
     * @param vendor such as {@code Eclipse Adoptium}
     */
    public Builder javaVendor(String vendor) {
      this.javaVendor = requireNonNull(vendor, "vendor");
      return this;
    }

    /**
     * {@return this builder, with the operating system}
     *
     * @param name such as {@code Linux}
     */
    public Builder os(String name) {
      this.os = requireNonNull(name, "name");
      return this;
    }

    /**
     * {@return this builder, with the version of the operating system}
     *
     * @param version such as {@code 6.1.0}
     */
    public Builder osVersion(String version) {
      this.osVersion = requireNonNull(version, "version");
      return this;
    }

    /**
     * {@return this builder, with the processor as Java names it}
     *
     * @param name such as {@code amd64}
     */
    public Builder architecture(String name) {
      this.architecture = requireNonNull(name, "name");
      return this;
    }

    /**
     * {@return this builder, with the default charset}
     *
     * @param name such as {@code UTF-8}
     */
    public Builder charset(String name) {
      this.charset = requireNonNull(name, "name");
      return this;
    }

    /**
     * {@return this builder, with the names of more environment variables}
     *
     * @param names each of letters, digits and {@code _}, not beginning with a digit, at most 200 characters
     * @throws IllegalArgumentException if one has another form, as {@code NAME=value} has; the message does not show it
     */
    public Builder variables(Collection<String> names) {
      for (String name : names) {
        if (!name.matches("[A-Za-z_][A-Za-z0-9_]{0,199}")) {
          throw new IllegalArgumentException("the name of an environment variable must be letters,"
              + " digits and _, at most 200, and not begin with a digit, but was another text of "
              + name.length() + " characters");
        }
        variables.add(name);
      }
      return this;
    }

    /**
     * {@return the environment}
     */
    public Environment build() {
      return new Environment(this);
    }
  }
}
