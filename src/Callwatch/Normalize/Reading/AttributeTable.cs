using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Callwatch.Normalize.Reading;

/// <summary>Attributes whose names go on after a common beginning: indexed lists and metadata.</summary>
internal enum Family : byte
{
    None = 0,

    // Metadata, in the order in which one key of several sources counts.
    Metadata, LangSmithMetadata, LangfuseObservationMetadata, LangfuseTraceMetadata, AiTelemetryMetadata, AiSettingsContext, TraceloopProperties,

    // The name goes on with a number.
    InputMessages, OutputMessages, Prompts, Choices, GenAiPrompt, GenAiCompletion, Tools, Functions, Embeddings, Documents, RerankedDocuments, Annotations, Evaluations,

    UsageDetails, MlflowTags,
}

/// <summary>
/// Every attribute name that a rule reads, by its UTF-8 bytes. Names get their slot as the field rules name them;
/// the table is built once, after all of them have (see <see cref="Fields.FieldTable"/>).
/// </summary>
internal static class AttributeTable
{
    /// <summary>Most names there may be; one bit each in <see cref="SlotSet"/>.</summary>
    public const int MaxSlots = 512;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, int> Slots = new(StringComparer.Ordinal);

    private static readonly (string Prefix, Family Family)[] Prefixes =
    [
        ("metadata.", Family.Metadata),
        ("langsmith.metadata.", Family.LangSmithMetadata),
        ("langfuse.observation.metadata.", Family.LangfuseObservationMetadata),
        ("langfuse.trace.metadata.", Family.LangfuseTraceMetadata),
        ("ai.telemetry.metadata.", Family.AiTelemetryMetadata),
        ("ai.settings.context.", Family.AiSettingsContext),
        ("traceloop.association.properties.", Family.TraceloopProperties),
        ("llm.input_messages.", Family.InputMessages),
        ("llm.output_messages.", Family.OutputMessages),
        ("llm.prompts.", Family.Prompts),
        ("llm.choices.", Family.Choices),
        ("gen_ai.prompt.", Family.GenAiPrompt),
        ("gen_ai.completion.", Family.GenAiCompletion),
        ("llm.tools.", Family.Tools),
        ("llm.request.functions.", Family.Functions),
        ("embedding.embeddings.", Family.Embeddings),
        ("retrieval.documents.", Family.Documents),
        ("reranker.output_documents.", Family.RerankedDocuments),
        ("annotations.", Family.Annotations),
        ("evaluations.", Family.Evaluations),
        ("gen_ai.usage.details.", Family.UsageDetails),
        ("mlflow.traceTag.", Family.MlflowTags),
    ];

    private static readonly (byte[] Prefix, Family Family)[][] PrefixesByFirstByte = ByFirstByte();

    /// <summary>The slot of a name, made on first use. Only field rules call this, while they are being built.</summary>
    public static int SlotOf(string name)
    {
        lock (Gate)
        {
            if (Slots.TryGetValue(name, out var slot)) return slot;
            if (Slots.Count == MaxSlots) throw new InvalidOperationException("More than " + MaxSlots + " attribute names.");
            Slots[name] = Slots.Count;
            return Slots.Count - 1;
        }
    }

    /// <summary>Every name that a rule reads.</summary>
    public static IReadOnlyList<string> Names
    {
        get
        {
            _ = Fields.FieldTable.Attributes;
            lock (Gate) return [.. Slots.Keys];
        }
    }

    public static Lookup Build()
    {
        lock (Gate) return new Lookup(Slots);
    }

    public static Family FamilyOf(ReadOnlySpan<byte> key, out int prefixLength)
    {
        if (!key.IsEmpty)
        {
            foreach (var (prefix, family) in PrefixesByFirstByte[key[0]])
            {
                if (key.Length <= prefix.Length || !key.StartsWith(prefix)) continue;
                if (family is >= Family.InputMessages and <= Family.Evaluations && !char.IsAsciiDigit((char)key[prefix.Length])) continue;
                prefixLength = prefix.Length;
                return family;
            }
        }

        prefixLength = 0;
        return Family.None;
    }

    private static (byte[], Family)[][] ByFirstByte()
    {
        var table = new (byte[], Family)[256][];
        for (var first = 0; first < table.Length; first++)
            table[first] = [.. Prefixes.Where(entry => entry.Prefix[0] == first).Select(entry => (Encoding.UTF8.GetBytes(entry.Prefix), entry.Family))];
        return table;
    }

    /// <summary>Open-addressed hash table over the names' bytes.</summary>
    public sealed class Lookup
    {
        private readonly byte[]?[] keys;
        private readonly short[] slots;
        private readonly int shift;
        private readonly int longest;

        internal Lookup(Dictionary<string, int> names)
        {
            var size = (int)BitOperations.RoundUpToPowerOf2((uint)names.Count * 4);
            shift = 64 - BitOperations.Log2((uint)size);
            (keys, slots) = (new byte[size][], new short[size]);
            foreach (var (name, slot) in names)
            {
                var key = Encoding.UTF8.GetBytes(name);
                longest = Math.Max(longest, key.Length);
                var at = Hash(key);
                while (keys[at] is not null) at = (at + 1) & (size - 1);
                (keys[at], slots[at]) = (key, (short)slot);
            }
        }

        /// <summary>The slot of that name, or -1.</summary>
        public int Find(ReadOnlySpan<byte> key)
        {
            if (key.Length > longest || key.IsEmpty) return -1;
            for (var at = Hash(key); keys[at] is { } known; at = (at + 1) & (keys.Length - 1))
                if (key.SequenceEqual(known)) return slots[at];
            return -1;
        }

        // Names differ in their middle and end: nearly all begin alike.
        private int Hash(ReadOnlySpan<byte> key)
        {
            ulong hash;
            if (key.Length >= 8)
            {
                var end = MemoryMarshal.Read<ulong>(key[^8..]);
                var middle = MemoryMarshal.Read<ulong>(key[((key.Length >> 1) - 4)..]);
                hash = (end * 0x9E37_79B9_7F4A_7C15) ^ (BitOperations.RotateLeft(middle, 29) * 0xC2B2_AE3D_27D4_EB4F) ^ ((ulong)key.Length << 32);
            }
            else
            {
                hash = (ulong)key.Length;
                foreach (var part in key) hash = (hash << 8) | part;
            }

            return (int)((hash * 0x9E37_79B9_7F4A_7C15) >> shift);
        }
    }
}
