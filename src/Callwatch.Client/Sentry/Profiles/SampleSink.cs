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
    private readonly SortedDictionary<ulong, (uint Size, string Type, string Name)> methods = [];
    private ulong[]? addresses;
    private DateTimeOffset began;
    private long zero;
    private long frequency = 1;

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

    public void Method(ulong start, uint size, string type, string name) => methods[start] = (size, type, name);

    /// <param name="until">What came after the transaction had ended is left out.</param>
    /// <returns>Null for what Sentry would refuse: fewer than two samples.</returns>
    public Profile? Profile(DateTimeOffset until)
    {
        var most = (long)(until - began).TotalNanoseconds + 10_000_000;
        var running = threads.Where(thread => thread.Value.Managed > 0).Select(thread => thread.Key).ToHashSet();
        var kept = samples.Where(sample => running.Contains(sample.Thread) && sample.Nanoseconds <= most).OrderBy(sample => sample.Nanoseconds).ToList();
        if (kept.Count < 2) return null;
        var starts = methods.Keys.ToArray();
        var byId = stacks.ToDictionary(stack => stack.Value, stack => (IReadOnlyList<(string Type, string Name)>)[.. stack.Key.Select(address => Named(starts, address)).OfType<(string, string)>()]);
        var told = kept.Where(sample => byId[sample.Stack].Count > 0).ToList();
        return told.Count < 2 ? null : new Profile(began, told, byId, running.MaxBy(thread => threads[thread].Managed));
    }

    // Null for native code.
    private (string Type, string Name)? Named(ulong[] starts, ulong address)
    {
        var at = Array.BinarySearch(starts, address);
        if (at < 0) at = ~at - 1;
        if (at < 0) return null;
        var (size, type, name) = methods[starts[at]];
        return address - starts[at] < size ? (type, name) : null;
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
/// <param name="Stacks">By id, leaf first, by names of types and methods.</param>
/// <param name="ActiveThread">That ran most.</param>
internal sealed record Profile(
    DateTimeOffset Began, IReadOnlyList<(long Thread, long Nanoseconds, int Stack)> Samples, IReadOnlyDictionary<int, IReadOnlyList<(string Type, string Name)>> Stacks, long ActiveThread);
