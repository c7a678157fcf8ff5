package dev.mlops.core.loop;

/** Another loop on the alias is at work; this one waits for the lease. */
final class Following implements Phase {
  private final Workshop loop;

  Following(Workshop loop) {
    this.loop = loop;
  }

  @Override
  public Phase advance() {
    return this;
  }

  @Override
  public String attempt() {
    return "take the lease of the loop on " + loop.alias();
  }

  @Override
  public String toString() {
    return "waiting for the lease, another loop is at work";
  }
}
