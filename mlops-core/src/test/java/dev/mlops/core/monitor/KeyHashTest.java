package dev.mlops.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyHashTest {
  /** The vectors of SipHash's own program (github.com/veorq/SipHash, vectors.h) for the key 00 to 0f and the bytes 00, 01, … */
  @Test
  void isSipHash() {
    KeyHash hash = new KeyHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
    assertThat(hash.of(bytes(0))).isEqualTo(0x726fdb47dd0e0e31L);
    assertThat(hash.of(bytes(2))).isEqualTo(0x0d6c8009d9a94f5aL);
    assertThat(hash.of(bytes(4))).isEqualTo(0xcf2794e0277187b7L);
    assertThat(hash.of(bytes(8))).isEqualTo(0x93f5f5799a932462L);
    assertThat(hash.of(bytes(14))).isEqualTo(0xf723ca908e7af2eeL);
    assertThat(hash.of(bytes(16))).isEqualTo(0x3f2acc7f57c29bdbL);
  }

  /** A text of a given number of bytes, counting up. */
  private static String bytes(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i += 2) {
      text.append((char) (i | (i + 1) << 8));
    }
    return text.toString();
  }

  @Test
  void tellsKeysApartWhateverTheirHashCode() {
    Set<Long> hashes = new HashSet<>();
    KeyHash hash = KeyHash.secret();
    for (int number = 0; number < 1 << 12; number++) {
      StringBuilder key = new StringBuilder();
      for (int bit = 0; bit < 12; bit++) {
        key.append((number >> bit & 1) == 0 ? "Aa" : "BB");
      }
      assertThat(key.toString().hashCode()).isEqualTo("AaAaAaAaAaAaAaAaAaAaAaAa".hashCode());
      hashes.add(hash.of(key.toString()));
    }
    assertThat(hashes).hasSize(1 << 12).doesNotContain(KeyHash.NONE);
  }
}
