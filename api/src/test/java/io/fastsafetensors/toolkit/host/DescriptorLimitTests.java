// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorLimitTests {
  @TempDir Path folder;

  @Test
  void countsWhatIsOpen() throws IOException {
    FakeHost host =
        new FakeHost(folder)
            .file("proc/self/limits", "Max open files            40   4096   files")
            .file("proc/self/fd/0")
            .file("proc/self/fd/1");
    assertThat(host.limits()).hasSize(1);
    assertThat(DescriptorLimit.read(folder)).contains(new DescriptorLimit(40, 2));
  }

  @Test
  void unlimitedAndUnknownAreEmpty() throws IOException {
    assertThat(DescriptorLimit.read(folder)).isEmpty();
    new FakeHost(folder)
        .file("proc/self/limits", "Max open files   unlimited  unlimited  files")
        .file("proc/self/fd/0");
    assertThat(DescriptorLimit.read(folder)).isEmpty();
  }
}
