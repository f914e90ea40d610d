using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal;

/// <summary>Where a person lets a reader go on.</summary>
public abstract record GoOn
{
    private GoOn()
    {
    }

    /// <summary>Behind the last record there is: what lies before it is not read.</summary>
    public sealed record AtHead : GoOn;

    /// <summary>With the oldest record still held.</summary>
    public sealed record AtFirst : GoOn;

    /// <summary>With this record.</summary>
    public sealed record At(long Number) : GoOn;

    /// <summary><c>head</c>, <c>first</c> or the number of a record; null for anything else.</summary>
    public static GoOn? Parse(string? text) => text switch
    {
        "head" => new AtHead(),
        "first" => new AtFirst(),
        _ => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new At(number) : null,
    };
}

/// <summary>How a person's choice ended.</summary>
public abstract record GoOnAnswer
{
    private GoOnAnswer()
    {
    }

    /// <summary>It reads on behind this record.</summary>
    public sealed record GoesOn(Position After) : GoOnAnswer;

    /// <summary>No reader has this name, or it does not wait for anybody.</summary>
    public sealed record NotWaiting : GoOnAnswer;

    /// <summary>The journal holds no such record: the numbers to choose from.</summary>
    public sealed record OutOfRange(long First, long Head) : GoOnAnswer;
}

/// <summary>A reader that waits for a person.</summary>
/// <param name="Place">Where it stands; of another epoch or beyond the head.</param>
public sealed record WaitingReader(string Name, Position Place, PlaceStanding Standing);

/// <summary>Where a reader begins.</summary>
/// <param name="After">It reads the records behind this one.</param>
/// <param name="Chosen">True when a person chose it: the reader makes it durable before it reads.</param>
public readonly record struct ReaderBeginning(Position After, bool Chosen);

/// <summary>
/// Readers whose place does not belong to the journal as it is: of another epoch (one of both was restored or replaced) or beyond the head.
/// Such a reader never skips or repeats on its own; it waits here until a person says where it goes on. Thread-safe.
/// </summary>
public sealed partial class ReaderChoices(IJournal journal, ILogger<ReaderChoices> log)
{
    private readonly Lock gate = new();
    private ImmutableSortedDictionary<string, (WaitingReader Reader, TaskCompletionSource<Position> Chosen)> waiting =
        ImmutableSortedDictionary.Create<string, (WaitingReader, TaskCompletionSource<Position>)>(StringComparer.Ordinal);

    public IReadOnlyList<WaitingReader> Waiting => [.. waiting.Values.Select(entry => entry.Reader)];

    public WaitingReader? Find(string reader) => waiting.TryGetValue(reader, out var entry) ? entry.Reader : null;

    /// <summary>Returns at once when the place fits; else calls <paramref name="stopped"/> with words for System, and waits for a person.</summary>
    /// <param name="place">Null when it has never read: it begins with the first record.</param>
    public async Task<ReaderBeginning> BeginAsync(string reader, Position? place, Action<string> stopped, CancellationToken cancel)
    {
        if (place is not { } known) return new ReaderBeginning(new Position(journal.Epoch, 0), Chosen: false);
        var standing = journal.StandingOf(known);
        if (standing is PlaceStanding.Fits or PlaceStanding.Expired) return new ReaderBeginning(known, Chosen: false);
        var chosen = new TaskCompletionSource<Position>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate) waiting = waiting.SetItem(reader, (new WaitingReader(reader, known, standing), chosen));
        try
        {
            stopped(Why(reader, standing));
            return new ReaderBeginning(await chosen.Task.WaitAsync(cancel), Chosen: true);
        }
        finally
        {
            lock (gate) waiting = waiting.Remove(reader);
        }
    }

    /// <param name="who">For the log: which key.</param>
    public GoOnAnswer Choose(string reader, GoOn at, string who)
    {
        if (!waiting.TryGetValue(reader, out var entry)) return new GoOnAnswer.NotWaiting();
        var (first, head) = (journal.FirstNumber, journal.Head.Number);
        var after = at switch
        {
            GoOn.AtHead => head,
            GoOn.AtFirst => first - 1,
            GoOn.At { Number: var number } when number >= 1 && number <= head + 1 => number - 1,
            _ => -1,
        };
        if (after < 0) return new GoOnAnswer.OutOfRange(first, head);
        var place = new Position(journal.Epoch, after);
        if (!entry.Chosen.TrySetResult(place)) return new GoOnAnswer.NotWaiting();
        lock (gate) waiting = waiting.Remove(reader);
        Chose(who, reader, after, entry.Reader.Place.Number, entry.Reader.Place.Epoch);
        return new GoOnAnswer.GoesOn(place);
    }

    private static string Why(string reader, PlaceStanding standing) => standing == PlaceStanding.OtherEpoch
        ? $"It stands in another journal than this one (one of both was restored or replaced). Choose where it goes on: callwatch readers continue {reader} --at head|first|NUMBER, or on the page System."
        : $"The journal ends before the place where it stands (its end was lost or put back). Choose where it goes on: callwatch readers continue {reader} --at head|first|NUMBER, or on the page System.";

    [LoggerMessage(EventId = 232, Level = LogLevel.Warning, Message = "{Who} lets the reader {Reader} go on behind journal record {After}; it stood at {Number} of epoch {Epoch}")]
    private partial void Chose(string who, string reader, long after, long number, Guid epoch);
}
