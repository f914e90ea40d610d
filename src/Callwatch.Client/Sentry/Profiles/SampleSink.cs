namespace Callwatch.Client.Sentry.Profiles;

/// <summary>
/// Gathers samples to what Sentry asks for: a hundred a second of each thread, of which the runtime takes ten times as many, and no thread that never
/// ran. Bounded, whatever comes.
/// </summary>
internal sealed class SampleSink
{
    private const int MostSamples = 40_000;
    private const int MostStacks = 20_000;
    private const int MostDepth = 128;

    // 101 a second, so as not to keep step with what happens a hundred times a second.
    private const long Between = 1_000_000_000 / 101;

    private readonly Dictionary<ulong[], int> stacks = new(SameStack.Instance);
    private readonly List<(long Thread, long Nanoseconds, int Stack)> samples = [];
    private readonly Dictionary<long, (long Last, int Managed)> threads = [];
    private ulong[]? addresses;
    private DateTimeOffset began;
    private long zero;
    private long frequency = 1;

    /// <summary>Of the methods that <see cref="Wants"/> wants.</summary>
    public CodeMap Codes { get; } = new();

    public void Begin(DateTimeOffset at, long ticks, long ticksPerSecond)
    {
        if (ticksPerSecond <= 0) throw new InvalidDataException("frequency of the clock");
        (began, zero, frequency) = (at, ticks, ticksPerSecond);
    }

    public void Sample(long thread, long ticks, ulong[] stack, bool isManaged)
    {
        var at = (long)((ticks - zero) * (1e9 / frequency));
        if (at < 0 || stack.Length == 0) return;
        var known = threads.GetValueOrDefault(thread, (Last: -Between, Managed: 0));
        if (isManaged) known.Managed++;
        if (at - known.Last >= Between && samples.Count < MostSamples)
        {
            known.Last = at;
            if (stack.Length > MostDepth) stack = stack[..MostDepth];
            if (!stacks.TryGetValue(stack, out var id))
            {
                if (stacks.Count >= MostStacks) return;
                stacks[stack] = id = stacks.Count;
                addresses = null;
            }

            samples.Add((thread, at, id));
        }

        threads[thread] = known;
    }

    /// <summary>Whether any stack goes through this code: a process has tens of thousands of methods.</summary>
    public bool Wants(ulong start, uint size)
    {
        if (addresses is null)
        {
            addresses = [.. stacks.Keys.SelectMany(stack => stack).Distinct()];
            Array.Sort(addresses);
        }

        var at = Array.BinarySearch(addresses, start);
        if (at < 0) at = ~at;
        return at < addresses.Length && addresses[at] - start < size;
    }

    /// <param name="until">What came after the transaction had ended is left out.</param>
    /// <returns>Null for what Sentry would refuse: fewer than two samples.</returns>
    public Profile? Profile(DateTimeOffset until, SourceLines lines)
    {
        var most = (long)(until - began).TotalNanoseconds + 10_000_000;
        var running = threads.Where(thread => thread.Value.Managed > 0).Select(thread => thread.Key).ToHashSet();
        var kept = samples.Where(sample => running.Contains(sample.Thread) && sample.Nanoseconds <= most).OrderBy(sample => sample.Nanoseconds).ToList();
        if (kept.Count < 2) return null;
        var used = kept.Select(sample => sample.Stack).ToHashSet();
        var codes = stacks.Where(stack => used.Contains(stack.Value)).ToDictionary(stack => stack.Value, stack => (Code[])[.. stack.Key.Select((address, depth) => Codes.At(address, depth == 0)).OfType<Code>()]);
        var told = kept.Where(sample => codes[sample.Stack].Length > 0).ToList();
        if (told.Count < 2) return null;
        var found = lines.Find(codes.Values.SelectMany(stack => stack));
        var byId = codes.ToDictionary(stack => stack.Key, stack => (IReadOnlyList<Place>)[.. stack.Value.Select(code => Place.Of(code, found))]);
        return new Profile(began, told, byId, running.MaxBy(thread => threads[thread].Managed));
    }

    private sealed class SameStack : IEqualityComparer<ulong[]>
    {
        public static readonly SameStack Instance = new();

        public bool Equals(ulong[]? x, ulong[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(ulong[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(obj.AsSpan()));
            return hash.ToHashCode();
        }
    }
}

/// <summary>What the processor was busy with while a transaction ran.</summary>
/// <param name="Stacks">By id, leaf first.</param>
/// <param name="ActiveThread">That ran most.</param>
internal sealed record Profile(
    DateTimeOffset Began, IReadOnlyList<(long Thread, long Nanoseconds, int Stack)> Samples, IReadOnlyDictionary<int, IReadOnlyList<Place>> Stacks, long ActiveThread);

/// <summary>Where in the source; two places of the same line are one.</summary>
/// <param name="Line">0 when it is not known.</param>
internal readonly record struct Place(string Type, string Name, string? Assembly, string? File, int Line)
{
    public static Place Of(Code code, IReadOnlyDictionary<Code, (string File, int Line)> lines) =>
        lines.TryGetValue(code, out var at) ? new Place(code.Type, code.Name, AssemblyOf(code), at.File, at.Line) : new Place(code.Type, code.Name, AssemblyOf(code), null, 0);

    private static string? AssemblyOf(Code code) => code.Module is { } path ? Path.GetFileNameWithoutExtension(path) : null;
}
