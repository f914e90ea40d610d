using System.Buffers.Binary;

namespace Callwatch.Client.Sentry.Profiles;

/// <summary>Code of a method at some place.</summary>
/// <param name="Module">Path of its assembly; null where there is none.</param>
/// <param name="Token">Of its definition there.</param>
/// <param name="IlOffset">Of the instruction it was compiled from; null when that is not known.</param>
internal sealed record Code(string Type, string Name, string? Module, int Token, int? IlOffset);

/// <summary>
/// Which method lies where in memory, and which of its code was made of which instruction: what the runtime tells at the end of a profile, as far as a
/// stack goes through it. Bounded, whatever comes.
/// </summary>
internal sealed class CodeMap
{
    private const int MostModules = 10_000;
    private const int MostEntries = 1_000_000;

    // How the runtime marks code that was made of no instruction: what sets a method up stands for its first one.
    private const int Prolog = -2;

    private readonly SortedDictionary<ulong, Method> methods = [];
    private readonly Dictionary<ulong, string> modules = [];
    private (ulong Id, byte[] Offsets)? early;
    private Method? last;
    private ulong[]? starts;
    private int entries;

    public void Module(ulong id, string path)
    {
        if (path.Length > 0 && modules.Count < MostModules) modules[id] = path;
    }

    public void Add(Method method)
    {
        // Its offsets come right before or right after it. The same method may have been compiled several times.
        if (early is var (id, offsets) && id == method.Id)
        {
            method.Offsets = offsets;
            entries += offsets.Length / 8;
        }

        early = null;
        methods[method.Start] = last = method;
        starts = null;
    }

    /// <summary>A method that no stack goes through.</summary>
    public void Pass() => (early, last) = (null, null);

    /// <param name="offsets">All IL offsets, then as many native ones, four bytes each.</param>
    public void Offsets(ulong method, ReadOnlySpan<byte> offsets)
    {
        if (entries + (offsets.Length / 8) > MostEntries) return;
        if (last is { Offsets: null } && last.Id == method)
        {
            last.Offsets = offsets.ToArray();
            entries += offsets.Length / 8;
        }
        else
        {
            early = (method, offsets.ToArray());
        }
    }

    /// <summary>Null for native code.</summary>
    /// <param name="isLeaf">False where it is the address that a call returns to: the call itself stands before it.</param>
    public Code? At(ulong address, bool isLeaf)
    {
        starts ??= [.. methods.Keys];
        var at = Array.BinarySearch(starts, address);
        if (at < 0) at = ~at - 1;
        if (at < 0) return null;
        var method = methods[starts[at]];
        var offset = address - method.Start;
        if (offset >= method.Size) return null;
        return new Code(method.Type, method.Name, modules.GetValueOrDefault(method.Module), method.Token, IlOffset(method, (long)offset - (isLeaf ? 0 : 1)));
    }

    private static int? IlOffset(Method method, long native)
    {
        if (method.Offsets is not { } offsets) return null;
        var count = offsets.Length / 8;
        var (best, found) = (-1L, (int?)null);
        for (var i = 0; i < count; i++)
        {
            var il = BinaryPrimitives.ReadInt32LittleEndian(offsets.AsSpan(i * 4));
            long from = BinaryPrimitives.ReadUInt32LittleEndian(offsets.AsSpan((count + i) * 4));
            if (il == Prolog) il = 0;
            if (il >= 0 && from <= native && from > best) (best, found) = (from, il);
        }

        return found;
    }

    internal sealed class Method(ulong id, ulong start, uint size, ulong module, int token, string type, string name)
    {
        public ulong Id => id;

        public ulong Start => start;

        public uint Size => size;

        public ulong Module => module;

        public int Token => token;

        public string Type => type;

        public string Name => name;

        public byte[]? Offsets { get; set; }
    }
}
