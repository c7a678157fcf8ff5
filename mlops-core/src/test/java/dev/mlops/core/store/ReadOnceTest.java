package dev.mlops.core.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mlops.api.model.Column;
import dev.mlops.api.model.Schema;
import dev.mlops.api.pack.ModelPackage;
import dev.mlops.api.pack.PackageFile;
import dev.mlops.core.internal.disk.ReadOnlyChannel;
import dev.mlops.core.pack.FilePackage;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of a package in a store is read once to be verified: the package does it, and the store not before it. */
class ReadOnceTest {
  private final AtomicLong bytes = new AtomicLong();

  @TempDir
  Path folder;

  /** The disk, of which the bytes that are read are counted. */
  private StoreFiles counted() {
    DiskFiles disk = new DiskFiles();
    return (StoreFiles) Proxy.newProxyInstance(
        StoreFiles.class.getClassLoader(),
        new Class<?>[] {StoreFiles.class},
        (proxy, method, arguments) -> {
          try {
            Object answer = method.invoke(disk, arguments);
            return answer instanceof SeekableByteChannel channel ? counted(channel) : answer;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }

  private SeekableByteChannel counted(SeekableByteChannel channel) {
    return new ReadOnlyChannel() {
      @Override
      protected int readAt(long from, ByteBuffer target) throws IOException {
        int count = channel.position(from).read(target);
        bytes.addAndGet(Math.max(0, count));
        return count;
      }

      @Override
      protected long length() throws IOException {
        return channel.size();
      }

      @Override
      public boolean isOpen() {
        return channel.isOpen();
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  @Test
  void aFileIsReadOnceToBeVerified() throws IOException {
    byte[] weights = new byte[3_000_000];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (byte) random.nextInt();
    }
    FilePackage made = FilePackage.builder("large", Schema.of(Column.number("x")))
        .runtime("mine")
        .weights("model.bin", weights)
        .build();
    try (FileVersionStore store =
        FileVersionStore.open(folder, InstantSource.system(), counted())) {
      ModelPackage opened = store.open(store.publish(made));
      PackageFile file = opened.files(PackageFile.Role.WEIGHTS).get(0);

      bytes.set(0);
      assertThat(opened.read(file)).isEqualTo(weights);
      assertThat(bytes).as("bytes of a file that is read whole").hasValue(weights.length);

      bytes.set(0);
      try (SeekableByteChannel channel = opened.open(file)) {
        assertThat(bytes).as("bytes until the first may be read").hasValue(weights.length);
        assertThat(Channels.newInputStream(channel).readAllBytes()).isEqualTo(weights);
      }
      assertThat(bytes.get())
          .as("bytes of a file that is verified and then read")
          .isEqualTo(2L * weights.length);
    }
  }
}
