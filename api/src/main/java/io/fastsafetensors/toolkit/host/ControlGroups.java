// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the control groups of memory that this process is in: its own and those above, of version 1
 * and 2, as cgroups(7) and proc_pid_mountinfo(5) tell.
 *
 * @param root the root folder; another one in tests
 */
record ControlGroups(Path root) {
  private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

  /** Where groups are by custom, if the files of the process don't say, or say it wrongly. */
  private static final List<String> CUSTOM = List.of("/sys/fs/cgroup", "/sys/fs/cgroup/memory");

  /**
   * A mounted hierarchy.
   *
   * @param unified whether it is of version 2
   * @param group which group is the root of the mount
   * @param point where it is mounted
   */
  private record Mount(boolean unified, String group, String point) {}

  /** Returns the names of the process's groups; what they say changes only if it is moved. */
  List<String> names() {
    return SystemFile.read(under("/proc/self/cgroup")).lines();
  }

  /** Returns all levels that can be seen, each hierarchy's from the process's own group upwards. */
  List<ControlGroup> find(List<String> names) {
    List<Mount> mounts =
        SystemFile.read(under("/proc/self/mountinfo")).lines().stream()
            .flatMap(line -> mount(line).stream())
            .toList();
    List<ControlGroup> groups = new ArrayList<>();
    for (String name : names) {
      String[] fields = name.split(":", 3); // number:controllers:path
      boolean unified = fields.length == 3 && fields[1].isEmpty();
      if (unified || (fields.length == 3 && isOfMemory(fields[1]))) {
        mounts.stream()
            .filter(mount -> mount.unified == unified)
            .map(mount -> levels(mount, fields[2]))
            .filter(levels -> !levels.isEmpty())
            .findFirst()
            .ifPresent(groups::addAll);
      }
    }
    return groups.isEmpty() ? atCustomPlaces() : groups;
  }

  private List<ControlGroup> atCustomPlaces() {
    return CUSTOM.stream()
        .map(place -> new ControlGroup("/", place, under(place), true))
        .filter(ControlGroup::isThere)
        .toList();
  }

  private static boolean isOfMemory(String controllers) {
    return Arrays.asList(controllers.split(",", -1)).contains("memory");
  }

  private static Optional<Mount> mount(String line) {
    String[] halves = line.split(" - ", 2);
    String[] mount = halves[0].split(" ", -1);
    String[] system = halves.length == 2 ? halves[1].split(" ", -1) : new String[0];
    if (mount.length < 5 || system.length < 3) {
      return Optional.empty();
    }
    boolean unified = system[0].equals("cgroup2");
    return unified || (system[0].equals("cgroup") && isOfMemory(system[2]))
        ? Optional.of(new Mount(unified, unescape(mount[3]), unescape(mount[4])))
        : Optional.empty();
  }

  private static String unescape(String path) {
    return OCTAL
        .matcher(path)
        .replaceAll(octal ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(octal.group(1), 8))));
  }

  /** Returns the levels of a mount that know of memory, the group's own first. */
  private List<ControlGroup> levels(Mount mount, String name) {
    List<ControlGroup> levels = new ArrayList<>();
    String base = mount.group.equals("/") ? "" : mount.group;
    String below = below(mount, base, name);
    ControlGroup level = level(mount, base, below);
    while (!below.isEmpty() && level.countsAbove()) {
      levels.add(level);
      below = below.substring(0, below.lastIndexOf('/'));
      level = level(mount, base, below);
    }
    levels.add(level);
    levels.removeIf(each -> !each.isThere());
    return levels;
  }

  private ControlGroup level(Mount mount, String base, String below) {
    String group = base + below;
    String shown = mount.point + below;
    return new ControlGroup(group.isEmpty() ? "/" : group, shown, under(shown), below.isEmpty());
  }

  /**
   * Returns where a group is below the root of a mount. Containers see groups by names of their
   * own, or see only their own as the root of the mount, whatever it is called; then that is it.
   */
  private String below(Mount mount, String base, String name) {
    String path = name.equals("/") ? "" : name;
    boolean isInside = path.equals(base) || path.startsWith(base + "/");
    String below = isInside ? path.substring(base.length()) : "";
    boolean isSeen = !below.contains("/..") && Files.isDirectory(under(mount.point + below));
    return isSeen ? below : "";
  }

  private Path under(String path) {
    return root.resolve(path.substring(1));
  }
}
