#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# JavaCPP has room for ten callbacks of a class: PyTorch never calls the deleters of an eleventh tensor and of those
# after it, without an error. Needs Maven, and a JDK of version 21 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
dependency() {
  echo "<dependency><groupId>org.bytedeco</groupId><artifactId>$1</artifactId><version>$2</version>$3</dependency>"
}
natives="<classifier>linux-x86_64</classifier>"
others="<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
cat >pom.xml <<END
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
  <dependencies>
    $(dependency javacpp 1.5.14 "$others")
    $(dependency javacpp 1.5.14 "$natives$others")
    $(dependency pytorch 2.13.0-1.5.14 "$others")
    $(dependency pytorch 2.13.0-1.5.14 "$natives$others")
    $(dependency openblas 0.3.31-1.5.13 "$others")
    $(dependency openblas 0.3.31-1.5.13 "$natives$others")
  </dependencies>
</project>
END
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory=lib
cat >Deleters.java <<'END'
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.PointerConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

public class Deleters {
  public static void main(String[] arguments) {
    AtomicInteger called = new AtomicInteger();
    FloatPointer memory = new FloatPointer(4);
    List<PointerConsumer> deleters = new ArrayList<>(); // held, so that none is collected
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      deleters.add(
          new PointerConsumer() {
            @Override
            public void call(Pointer data) {
              called.incrementAndGet();
            }
          });
      tensors.add(torch.from_blob(memory, new long[] {4}, deleters.get(i)));
    }
    tensors.forEach(Tensor::close);
    System.out.println("JavaCPP PyTorch 2.13.0-1.5.14: of 15 deleters " + called + " were called");
    if (called.get() != 10) {
      throw new AssertionError();
    }
  }
}
END
"${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp 'lib/*' Deleters.java 2>&1 | grep -v '^WARNING\|^Warning'
