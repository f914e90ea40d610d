using System.Globalization;

namespace Callwatch.Benchmarks;

/// <param name="RunAsync">Returns the exit code: 0, or 1 when what it measured was not right.</param>
internal sealed record Benchmark(string Name, string About, Func<Switches, Task<int>> RunAsync);

/// <summary><c>--name value</c> pairs of the command line.</summary>
internal sealed class Switches(string[] args)
{
    public string? Text(string name)
    {
        var at = Array.IndexOf(args, "--" + name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }

    public int Number(string name, int otherwise) =>
        Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public bool Has(string name) => args.Contains("--" + name);

    /// <summary>How long one measurement runs.</summary>
    public TimeSpan Duration(int otherwiseSeconds) => TimeSpan.FromSeconds(Number("seconds", otherwiseSeconds));

    /// <summary>A folder for the data: the one named, else a fresh one under the system's temporary folder.</summary>
    public string DataFolder() => Text("data") ?? Directory.CreateTempSubdirectory("callwatch-bench-").FullName;
}
