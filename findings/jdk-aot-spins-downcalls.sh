#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An AOT cache of JDK 25 holds lambdas, but not what calls of native functions and switches by type are made of: each
# start defines those classes anew, as if there were no cache. Needs a JDK 25.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
cat >Starts.java <<'END'
import java.lang.foreign.*;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.function.LongUnaryOperator;

public class Starts {
  private static MethodHandle bind(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  private static String kind(Object value) {
    return switch (value) {
      case Long l when l > 0 -> "positive";
      case Long _ -> "a number";
      default -> "else";
    };
  }

  public static void main(String[] arguments) throws Throwable {
    ValueLayout.OfLong number = ValueLayout.JAVA_LONG;
    long sum = (long) bind("labs", FunctionDescriptor.of(number, number)).invokeExact(-1L);
    sum += (int) bind("abs", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)).invokeExact(-1);
    LongUnaryOperator twice = x -> 2 * x;
    System.out.println(List.of(twice.applyAsLong(sum), kind(sum)));
  }
}
END
"${bin}javac" -d classes Starts.java
"${bin}jar" cf starts.jar -C classes .
run() {
  "${bin}java" --enable-native-access=ALL-UNNAMED "$@" -cp starts.jar Starts
}
run -XX:AOTCacheOutput=starts.aot >/dev/null 2>&1
run -XX:AOTMode=on -XX:AOTCache=starts.aot -Xlog:class+load:file=loaded.txt >/dev/null
count() { # of classes whose names have $1: those of the cache if $2 is -c, else the others
  grep "$1" loaded.txt | { [[ $2 == -c ]] && grep -c 'shared objects file' || grep -vc 'shared objects file'; } || true
}
lambdas=$(count 'Starts$$Lambda' -c)
stubs=$(count 'DowncallStub/' -v)
switches=$(count 'Starts$$TypeSwitch' -v)
forms=$(count 'LambdaForm.*__JVM_LookupDefineClass__' -v)
"${bin}java" -version 2>&1 | sed -n 2p
echo "from the AOT cache: $lambdas lambda; made anew: $stubs stubs for 2 native functions, $switches switch by type," \
  "$forms forms of method handles for them"
[[ $lambdas == 1 && $stubs == 2 && $switches == 1 && $forms -gt 10 ]]
