package dev.mlops.core.internal.tar;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CommonsCompressTest {
  @Test
  void whereItIsMissingTheLibraryIsNamed() {
    CommonsCompress.require("a package archive");
    ClassLoader none = ClassLoader.getPlatformClassLoader();
    assertThatThrownBy(() -> CommonsCompress.require("a package archive", none))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("a package archive needs org.apache.commons:commons-compress")
        .hasMessageContaining("Nothing was read or written");
  }
}
