using System.Text.Json;
using Callwatch.Control;
using Microsoft.Extensions.Options;

namespace Callwatch.Normalize.Pricing;

/// <summary>How putting own prices in force ended.</summary>
public abstract record PutPricesResult
{
    private PutPricesResult()
    {
    }

    public sealed record InForce(string Version) : PutPricesResult;

    /// <summary>Nothing has changed; <c>Path</c> is the place in the list.</summary>
    public sealed record Wrong(string Path, string Message) : PutPricesResult;
}

/// <summary>Which prices are in force: the operator's own entries, a file of the operator's, the built-in list; kept with their history.</summary>
public sealed class OwnPrices(PriceHistory history, IOptions<PriceOptions> options)
{
    private readonly Lock gate = new();

    /// <summary>The operator's own entries, as put; null when there are none.</summary>
    public byte[]? Entries() => history.Latest()?.Own is { } hash ? history.Layer(hash) : null;

    /// <summary>Replaces the operator's own entries; an empty list takes them all away.</summary>
    /// <param name="by">Who did it, for the audit; null is nobody in particular.</param>
    public PutPricesResult Put(JsonElement entries, PriceBooks books, PricesChangedBy? by = null)
    {
        var json = Bytes(entries);
        if (PriceLayer.Parse(json) is PriceLayerResult.Wrong wrong) return new PutPricesResult.Wrong(wrong.Path, wrong.Message);
        lock (gate)
        {
            var book = Record(entries.GetArrayLength() == 0 ? null : json, by);
            books.PutInForce(book);
            return new PutPricesResult.InForce(book.Version);
        }
    }

    /// <summary>As it was sent.</summary>
    internal static byte[] Bytes(JsonElement entries) => System.Text.Encoding.UTF8.GetBytes(entries.GetRawText());

    /// <summary>The book of a start: what was in force before, with the file and the built-in list as they are now.</summary>
    internal PriceBook AtStart()
    {
        lock (gate) return Record(Entries());
    }

    /// <summary>A book that was in force once; null when it is not on record.</summary>
    internal PriceBook? Past(string version) => history.Find(version) is { } record
        ? new PriceBook([.. new[] { record.Own, record.File, record.BuiltIn }.OfType<string>().Select(history.Layer).OfType<byte[]>().Select(Read)])
        : null;

    private PriceBook Record(byte[]? own, PricesChangedBy? by = null)
    {
        var file = string.IsNullOrWhiteSpace(options.Value.File) ? null : File.ReadAllBytes(options.Value.File);
        var builtIn = PriceLayer.BuiltIn.Value;
        var book = new PriceBook([.. new[] { own, file }.OfType<byte[]>().Select(Read), builtIn]);
        history.Record(book.Version, Body(own), Body(file), new PriceLayerBody(builtIn.Hash, () => PriceFiles.BuiltIn("prices.json")), by);
        return book;
    }

    private static PriceLayerBody? Body(byte[]? json) => json is null ? null : new PriceLayerBody(PriceLayer.HashOf(json), () => json);

    private static PriceLayer Read(byte[] json) => PriceLayer.Parse(json) is PriceLayerResult.Read read
        ? read.Layer : throw new InvalidDataException("A price list that was in force cannot be read.");
}
