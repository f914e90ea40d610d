using System.Collections.Concurrent;
using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>The prices in force: the operator's own entries first, then the built-in book. Thread-safe; swapped as a whole when prices change.</summary>
public sealed class PriceBooks
{
    private readonly PriceOptions options;
    private readonly Lazy<PriceBook> first;
    private readonly Func<string, PriceBook?> past;
    private readonly ConcurrentDictionary<string, PriceBook?> pastBooks = new();
    private volatile PriceBook? current;

    /// <summary>The built-in prices and nothing else.</summary>
    public PriceBooks()
        : this(new PriceOptions(), () => new PriceBook(PriceLayer.BuiltIn.Value), _ => null)
    {
    }

    /// <param name="first">The book to begin with; asked for when first needed.</param>
    /// <param name="past">Finds a book that was in force once.</param>
    internal PriceBooks(PriceOptions options, Func<PriceBook> first, Func<string, PriceBook?> past)
    {
        this.options = options;
        this.first = new Lazy<PriceBook>(first);
        this.past = past;
    }

    /// <summary>Version of the book that was in force at a time; null when none is on record from then.</summary>
    public Func<Timestamp, string?> InForceAt { get; init; } = _ => null;

    /// <summary>Version of the book in force.</summary>
    public string Version => InForce.Version;

    internal PriceBook InForce => current ?? first.Value;

    /// <summary>What the call cost, by the rules of the cost specification; <paramref name="start"/> decides dated prices.</summary>
    public CallCost Price(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start) => InForce.Price(call, kind, outcome, start, options);

    /// <summary>The same by the book of that version: what is rebuilt keeps its price. By the book in force when that one is not on record.</summary>
    public CallCost Price(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start, string bookVersion)
    {
        var book = bookVersion == InForce.Version ? InForce : pastBooks.GetOrAdd(bookVersion, past) ?? InForce;
        return book.Price(call, kind, outcome, start, options);
    }

    /// <summary>The same by the book its cost so far is from; by the one in force where it has none.</summary>
    public CallCost PriceAgain(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start) =>
        call.Cost.PriceBook is { } book ? Price(call, kind, outcome, start, book) : Price(call, kind, outcome, start);

    /// <summary>What a model charges by the book in force, found by its names alone; null when it has no price.</summary>
    public PriceQuote? Quote(string? provider, string model, Timestamp at) => InForce.Quote(provider, model, at);

    /// <summary>Models of a provider that put out text for a price, by the book in force.</summary>
    public IReadOnlyList<string> ModelsOf(string provider) => [.. InForce.ModelsOf(provider)];

    internal void PutInForce(PriceBook book) => current = book;
}
