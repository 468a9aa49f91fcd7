// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.FileChannel;
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
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * The default file system with calls that don't return until the test says so, whatever interrupts
 * come, as those on a network file system that is gone.
 */
final class HangingFiles extends FileSystemProvider {
  /** What hangs. */
  enum Call {
    ATTRIBUTES,
    LIST,
    OPEN
  }

  private final CountDownLatch answers = new CountDownLatch(1);
  private final FileSystem fileSystem = new Wrapped();
  private final Call hanging;
  private final String name;
  private volatile boolean armed = true;
  private volatile boolean hung;

  /** Lets one kind of call hang, for files of a name. */
  HangingFiles(Call hanging, String name) {
    this.hanging = hanging;
    this.name = name;
  }

  /** Lets calls that hang return, and no other hang. */
  void answer() {
    answers.countDown();
  }

  /** Lets calls return until it is armed again. */
  void arm(boolean on) {
    armed = on;
  }

  boolean hasHung() {
    return hung;
  }

  private void call(Call call, Path path) {
    if (!armed || call != hanging || !path.toString().endsWith(name)) {
      return;
    }
    hung = answers.getCount() > 0;
    boolean interrupted = false;
    while (answers.getCount() > 0) {
      try {
        answers.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns a path of this file system. */
  Path wrap(Path real) {
    return (Path)
        Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {Path.class}, new Handler(real));
  }

  private static Object unwrap(Object argument) {
    return argument instanceof Proxy proxy
            && Proxy.getInvocationHandler(proxy) instanceof Handler handler
        ? handler.real
        : argument;
  }

  private static Path real(Path path) {
    return (Path) unwrap(path);
  }

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
              : Arrays.stream(arguments).map(HangingFiles::unwrap).toArray(Object[]::new);
      try {
        Object result = method.invoke(real, unwrapped);
        return result instanceof Path path ? wrap(path) : result;
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    call(Call.ATTRIBUTES, path);
    return Files.readAttributes(real(path), type, options);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    return Files.readAttributes(real(path), names, options);
  }

  @Override
  @SuppressWarnings("StreamResourceLeak") // what is returned closes it
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    call(Call.LIST, folder);
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
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    call(Call.OPEN, path);
    return Files.newByteChannel(real(path), options, attributes);
  }

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    call(Call.OPEN, path);
    return FileChannel.open(real(path), options, attributes);
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    call(Call.ATTRIBUTES, path);
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
    return "hanging";
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
    return wrap(Path.of(uri));
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

  /** What paths say they belong to; everything else is the provider's. */
  private final class Wrapped extends FileSystem {
    @Override
    public FileSystemProvider provider() {
      return HangingFiles.this;
    }

    @Override
    public void close() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public boolean isReadOnly() {
      return true;
    }

    @Override
    public String getSeparator() {
      return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return Set.of("basic");
    }

    @Override
    public Path getPath(String first, String... more) {
      return wrap(Path.of(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
      throw new UnsupportedOperationException();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      throw new UnsupportedOperationException();
    }

    @Override
    public WatchService newWatchService() {
      throw new UnsupportedOperationException();
    }
  }
}
