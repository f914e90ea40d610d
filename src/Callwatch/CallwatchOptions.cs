namespace Callwatch;

/// <summary>Settings under <c>Callwatch</c> that every stage needs.</summary>
public sealed class CallwatchOptions
{
    public const string Section = "Callwatch";

    /// <summary>The data folder; everything durable is in it. Default <c>./callwatch-data</c>.</summary>
    public string Data { get; set; } = "callwatch-data";

    /// <summary>What the full-text index takes of each call: <c>new</c> (output, and messages not yet seen in its session), <c>full</c>, or <c>off</c>. Default <c>new</c>.</summary>
    public Search.SearchMode Search { get; set; } = Callwatch.Search.SearchMode.New;

    public string SearchFolder => Path.Combine(Data, "search");

    public string JournalFolder => Path.Combine(Data, "journal");

    public string StoreFolder => Path.Combine(Data, "store");

    public string MediaFolder => Path.Combine(Data, "media");

    public string ClockFile => Path.Combine(Data, "clock");

    public string SettledFolder => Path.Combine(Data, "settled");

    public string ForwardFile => Path.Combine(Data, "forward.db");

    public string ControlFile => Path.Combine(Data, "control.db");
}
