// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The files of the default file system by a provider that has no file channels, and does before
 * each operation what a script says.
 */
final class ScriptedFiles extends FileSystemProvider {
  /** What is done before an operation. */
  @FunctionalInterface
  interface Script {
    void before(Operation operation, Path real) throws IOException;
  }

  /** What a provider and its channels are asked for. */
  enum Operation {
    ATTRIBUTES,
    LIST,
    OPEN,
    READ,
    POSITION,
    SIZE,
    CLOSE
  }

  private final FileSystem fileSystem = new ScriptedFileSystem(this);
  private final Script script;
  private final int mostBytes;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  ScriptedFiles(Script script) {
    this(script, Integer.MAX_VALUE);
  }

  /** Gives so many bytes a read at most, and none at every other read. */
  ScriptedFiles(Script script, int mostBytes) {
    this.script = script;
    this.mostBytes = mostBytes;
  }

  /** Counts the channels that are open. */
  int open() {
    return open.get();
  }

  /** Counts the channels that were opened. */
  int opened() {
    return opened.get();
  }

  /** Returns how many channels were open at the same time. */
  int most() {
    return most.get();
  }

  /** Returns a path of this provider. */
  Path wrap(Path real) {
    return (Path)
        Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {Path.class}, new Handler(real));
  }

  private static Object unwrap(Object argument) {
    return argument instanceof Proxy && Proxy.getInvocationHandler(argument) instanceof Handler h
        ? h.real
        : argument;
  }

  private static Path real(Path path) {
    return (Path) unwrap(path);
  }

  /** Hands calls on paths to those of the default file system. */
  private final class Handler implements InvocationHandler {
    private final Path real;

    Handler(Path real) {
      this.real = real;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      if (method.getName().equals("getFileSystem")) {
        return fileSystem;
      }
      Object[] unwrapped =
          arguments == null
              ? null
              : Arrays.stream(arguments).map(ScriptedFiles::unwrap).toArray(Object[]::new);
      try {
        Object result = method.invoke(real, unwrapped);
        return result instanceof Path path ? wrap(path) : result;
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  /** A channel that follows the script. */
  private final class Scripted implements SeekableByteChannel {
    private final Path path;
    private final SeekableByteChannel channel;
    private boolean closed;
    private int reads;

    Scripted(Path path, SeekableByteChannel channel) {
      this.path = path;
      this.channel = channel;
      opened.incrementAndGet();
      most.accumulateAndGet(open.incrementAndGet(), Math::max);
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      script.before(Operation.READ, path);
      if (mostBytes == Integer.MAX_VALUE) {
        return channel.read(target);
      }
      int limit = target.limit();
      target.limit(target.position() + (reads++ % 2) * Math.min(mostBytes, target.remaining()));
      try {
        return target.hasRemaining() ? channel.read(target) : 0;
      } finally {
        target.limit(limit);
      }
    }

    @Override
    public long position() throws IOException {
      script.before(Operation.POSITION, path);
      return channel.position();
    }

    @Override
    public SeekableByteChannel position(long place) throws IOException {
      script.before(Operation.POSITION, path);
      channel.position(place);
      return this;
    }

    @Override
    public long size() throws IOException {
      script.before(Operation.SIZE, path);
      return channel.size();
    }

    @Override
    public int write(ByteBuffer source) {
      throw new UnsupportedOperationException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        open.decrementAndGet();
        channel.close();
      }
      script.before(Operation.CLOSE, path);
    }
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    script.before(Operation.OPEN, real(path));
    return new Scripted(real(path), Files.newByteChannel(real(path), options, attributes));
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    script.before(Operation.ATTRIBUTES, real(path));
    return Files.readAttributes(real(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    script.before(Operation.ATTRIBUTES, real(path));
    return Files.readAttributes(real(path), names, options);
  }

  @Override
  @SuppressWarnings("StreamResourceLeak") // closed by what is returned
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    script.before(Operation.LIST, real(folder));
    DirectoryStream<Path> entries = Files.newDirectoryStream(real(folder));
    return new DirectoryStream<>() {
      @Override
      public Iterator<Path> iterator() {
        Iterator<Path> real = entries.iterator();
        return new Iterator<>() {
          @Override
          public boolean hasNext() {
            return real.hasNext();
          }

          @Override
          public Path next() {
            return wrap(real.next());
          }
        };
      }

      @Override
      public void close() throws IOException {
        entries.close();
      }
    };
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    script.before(Operation.ATTRIBUTES, real(path));
    real(path).getFileSystem().provider().checkAccess(real(path), modes);
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    return Files.isSameFile(real(path), real(other));
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    return Files.isHidden(real(path));
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return Files.getFileAttributeView(real(path), type, options);
  }

  @Override
  public String getScheme() {
    return "scripted";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return fileSystem;
  }

  @Override
  public Path getPath(URI uri) {
    return wrap(Path.of(uri.getPath()));
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(Path path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    return Files.getFileStore(real(path));
  }

  @Override
  public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
    throw new UnsupportedOperationException();
  }
}
