package dev.mlops.core.rollout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AssignmentTest {
  /** Published vectors of MurmurHash3 x86 32 bit: the author's verification values, as collected by several implementations. */
  @ParameterizedTest
  @CsvSource({
    "'', 0, 0",
    "'', 1, 514e28b7",
    "'', ffffffff, 81f16f39",
    "test, 0, ba6bd213",
    "test, 9747b28c, 704b81dc",
    "'Hello, world!', 0, c0363e43",
    "'Hello, world!', 9747b28c, 24884cba",
    "The quick brown fox jumps over the lazy dog, 0, 2e4ff723",
    "The quick brown fox jumps over the lazy dog, 9747b28c, 2fa826cd",
    "aaaa, 9747b28c, 5a97808a",
    "aaa, 9747b28c, 283e0130",
    "aa, 9747b28c, 5d211726",
    "a, 9747b28c, 7fa09ea6",
  })
  void isTheHashAsPublished(String text, String seed, String hash) {
    assertThat(Integer.toHexString(
            Assignment.murmur3(text.getBytes(UTF_8), Integer.parseUnsignedInt(seed, 16))))
        .isEqualTo(hash);
  }

  /** Measured with the reference implementation. */
  @ParameterizedTest
  @CsvSource({
    "user-1, 59982",
    "user-2, 96886",
    "user-42, 70610",
    "Zoë, 42529",
    "用户, 73545",
  })
  void putsKeysIntoPublishedBuckets(String key, int bucket) {
    assertThat(Assignment.of("fraud-canary").bucket(key)).isEqualTo(bucket);
  }

  /** What is computed character by character is the hash of the bytes, whatever the salt, the length and the script. */
  @Test
  void readsKeysAsUtf8() {
    Random random = new Random(7);
    int[] points = {
      'a', 'Z', 0x7f, 0x80, 0xeb, 0x7ff, 0x800, 0x7528, 0xffff, 0x10000, 0x1f600, 0xd800, 0xdfff
    };
    for (int i = 0; i < 5_000; i++) {
      StringBuilder key = new StringBuilder();
      for (int n = random.nextInt(9); n > 0; n--) {
        key.appendCodePoint(points[random.nextInt(points.length)]);
      }
      String salt = "s".repeat(1 + random.nextInt(6));
      long hash = Integer.toUnsignedLong(Assignment.murmur3((salt + ":" + key).getBytes(UTF_8), 0));
      assertThat(Assignment.of(salt).bucket(key.toString()))
          .as("key %s", key.chars().boxed().toList())
          .isEqualTo((int) ((hash * 100_000) >>> 32));
    }
  }

  /** Two rollouts of ten per cent share a hundredth of the keys, as chance has it; a plain hash shares nine tenths. */
  @Test
  void saltsAreIndependent() {
    Assignment one = Assignment.of("fraud-1");
    Assignment other = Assignment.of("fraud-2");
    long shared = IntStream.range(0, 100_000)
        .mapToObj(i -> "user-" + i)
        .filter(key -> one.bucket(key) < 10_000 && other.bucket(key) < 10_000)
        .count();
    // binomial(100,000, 0.01): mean 1,000, standard deviation 31.5; five of them
    assertThat(shared).isBetween(842L, 1_158L);
  }

  @Test
  void fillsTheBucketsEvenly() {
    Assignment assignment = Assignment.of("even");
    int[] tenths = new int[10];
    for (int i = 0; i < 100_000; i++) {
      tenths[assignment.bucket("key-" + i) / 10_000]++;
    }
    double statistic = 0;
    for (int count : tenths) {
      statistic += (count - 10_000.0) * (count - 10_000.0) / 10_000.0;
    }
    // chi-square with 9 degrees of freedom: 33.72 is passed with probability 1e-4 (scipy 1.9.3
    // chi2.isf)
    assertThat(statistic).isLessThan(33.72);
  }

  @Test
  void refusesASaltThatSeparatesNothing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Assignment.of("  "))
        .withMessageContaining("1 to 200");
    assertThatIllegalArgumentException().isThrownBy(() -> Assignment.of("x".repeat(201)));
  }
}
