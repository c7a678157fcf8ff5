package dev.mlops.api.monitor;

import java.util.List;

/** What several readers read, in their order. */
record AllReaders(List<EvidenceReader> parts) implements EvidenceReader {}
