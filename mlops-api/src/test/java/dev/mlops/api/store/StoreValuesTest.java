package dev.mlops.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mlops.api.pack.Digest;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions, the ways to name one, and the moves between them. */
class StoreValuesTest {
  private static final String HEX = "0123456789abcdef".repeat(4);
  private static final Digest DIGEST = Digest.parse("sha256:" + HEX);
  private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");
  private static final Version SIX = new Version("fraud", 6, DIGEST, NOW);
  private static final Version SEVEN = new Version("fraud", 7, DIGEST, NOW);

  // --- references
  // ----------------------------------------------------------------------------------------

  @Test
  void aVersionIsNamedByNumberAliasOrDigest() {
    Reference number = Reference.parse("fraud:7");
    assertThat(number.model()).isEqualTo("fraud");
    assertThat(number.number()).hasValue(7);
    assertThat(number.alias()).isEmpty();
    assertThat(number.digest()).isEmpty();
    Reference alias = Reference.parse("fraud@champion");
    assertThat(alias.model()).isEqualTo("fraud");
    assertThat(alias.alias()).contains("champion");
    assertThat(alias.number()).isEmpty();
    assertThat(alias.digest()).isEmpty();
    Reference digest = Reference.parse("fraud@sha256:" + HEX);
    assertThat(digest.digest()).contains(DIGEST);
    assertThat(digest.alias()).isEmpty();
    for (String text : new String[] {"fraud:7", "fraud@champion", "fraud@sha256:" + HEX}) {
      assertThat(Reference.parse(text))
          .hasToString(text)
          .isEqualTo(Reference.parse(text))
          .hasSameHashCodeAs(Reference.parse(text));
    }
    assertThat(number).isNotEqualTo(Reference.parse("fraud:8")).isNotEqualTo("fraud:7");
    assertThat(number.hashCode()).isNotEqualTo(Reference.parse("fraud:8").hashCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fraud", "fraud:", "fraud:0", "fraud:07", "fraud:-1", "fraud:x",
            "fraud:1234567890123456789",
        ":7", "@champion", "fraud@", "fraud@7", "fraud@v7", "fraud@latest", "fraud@Champion",
        "Fraud:7", "fraud@sha256:12", "con:1", "com1.x:1", "a..b:1", "-a:1", "a-:1"
      })
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> Reference.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "0", "a.b_c-d", "console", "v7x"})
  void namesWithinTheGrammarAreTaken(String name) {
    assertThat(Reference.requireName("model", name)).isEqualTo(name);
    assertThat(Reference.parse(name + ":1").model()).isEqualTo(name);
  }

  @Test
  void aNameHasAtMost64Characters() {
    assertThat(Reference.requireName("model", "a".repeat(64))).hasSize(64);
    assertThatThrownBy(() -> Reference.requireName("model", "a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model ");
  }

  // --- versions and changes
  // ------------------------------------------------------------------------------

  @Test
  void aVersionHasANumberFromOne() {
    assertThat(SEVEN).hasToString("fraud:7");
    assertThat(new Version("fraud", 1, DIGEST, NOW).number()).isEqualTo(1);
    assertThatThrownBy(() -> new Version("fraud", 0, DIGEST, NOW))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0");
    assertThatThrownBy(() -> new Version("Fraud", 1, DIGEST, NOW))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Fraud");
  }

  // --- moves
  // ---------------------------------------------------------------------------------------------

  @Test
  void aConflictSaysWhereTheAliasIs() {
    AliasConflictException never = new AliasConflictException("no", Optional.empty());
    assertThat(never.current()).isEmpty();
    assertThat(never.code()).isEqualTo("STORE-ALIAS-CONFLICT");
    assertThat(never).hasMessage("no");
  }

  /** A store that knows nothing but what it was asked to do. */
  private static AliasMove.From from(String alias) {
    return new AliasMove.From(
        move -> {
          throw new AliasConflictException(move.toString(), Optional.empty());
        },
        alias);
  }

  private static AliasChange change(String alias, long generation, Version to) {
    return new AliasChange(
        alias, generation, Optional.empty(), to, NOW, "alice", "go live", "intent");
  }

  @Test
  void aMoveSaysFromWhereToWhereByWhomAndWhy() {
    AliasMove move = from("fraud@champion").from(SIX).to(SEVEN);
    assertThat(move.alias()).isEqualTo(Reference.parse("fraud@champion"));
    assertThat(move.expectedVersion()).contains(SIX);
    assertThat(move.expectedGeneration()).isEmpty();
    assertThat(move.to()).isEqualTo(SEVEN);
    assertThat(move.by()).isEqualTo("unknown");
    assertThat(move.because()).isEmpty();
    assertThat(move.intent())
        .isNotBlank()
        .isNotEqualTo(from("a@b").fromNothing().toString());
    AliasMove told = move.by("bot").because("better").intent("mine");
    assertThat(told.by()).isEqualTo("bot");
    assertThat(told.because()).isEqualTo("better");
    assertThat(told.intent()).isEqualTo("mine");
    assertThat(told.expectedVersion()).contains(SIX);
    assertThat(told.to()).isEqualTo(SEVEN);
    assertThat(move.by()).as("a move is a value").isEqualTo("unknown");
    assertThat(told.toString()).contains("fraud@champion", "fraud:6", "fraud:7");
  }

  @Test
  void aMoveExpectsNothingAVersionOrAGeneration() {
    AliasMove first = from("fraud@champion").fromNothing().to(SEVEN);
    assertThat(first.expectedVersion()).isEmpty();
    assertThat(first.expectedGeneration()).hasValue(0);
    AliasMove later =
        from("fraud@champion").from(change("fraud@champion", 4, SIX)).to(SEVEN);
    assertThat(later.expectedVersion()).contains(SIX);
    assertThat(later.expectedGeneration()).hasValue(4);
    assertThatThrownBy(() -> from("fraud@champion").from(change("fraud@shadow", 4, SIX)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("fraud@champion", "fraud@shadow");
  }

  @Test
  void aMoveIsCommittedByItsStore() {
    AliasMove move = from("fraud@champion").fromNothing().to(SEVEN);
    assertThatThrownBy(move::commit)
        .isInstanceOf(AliasConflictException.class)
        .hasMessage(move.toString());
  }

  @Test
  void aMoveStaysWithinOneModelAndHasBounds() {
    Version other = new Version("churn", 1, DIGEST, NOW);
    assertThatThrownBy(() -> from("fraud@champion").fromNothing().to(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("fraud", "churn:1");
    AliasMove move = from("fraud@champion").fromNothing().to(SEVEN);
    assertThat(move.by("x".repeat(200)).by()).hasSize(200);
    assertThat(move.because("x".repeat(2_000)).because()).hasSize(2_000);
    assertThat(move.intent("x".repeat(200)).intent()).hasSize(200);
    assertThatThrownBy(() -> move.by("x".repeat(201)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("by", "200", "201");
    assertThatThrownBy(() -> move.because("x".repeat(2_001)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("because");
    assertThatThrownBy(() -> move.intent("x".repeat(201)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("intent");
    assertThatThrownBy(() -> move.intent(" ")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> from("fraud:7")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aChangeHasAGenerationFromOneAndReadsAsASentence() {
    assertThat(change("fraud@champion", 1, SEVEN))
        .hasToString("fraud@champion #1: nothing -> fraud:7 by alice, go live");
    assertThatThrownBy(() -> change("fraud@champion", 0, SEVEN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0");
    AliasConflictException at =
        new AliasConflictException("no", Optional.of(change("fraud@champion", 1, SEVEN)));
    assertThat(at.current()).contains(change("fraud@champion", 1, SEVEN));
  }
}
