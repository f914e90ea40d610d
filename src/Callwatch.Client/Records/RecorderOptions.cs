using Callwatch.Client.Telemetry.Settings;

namespace Callwatch.Client.Records;

/// <summary>Settings of the recorder, under <c>Callwatch</c> and <c>Callwatch:Records</c>. What is out of range is put at its bound, and said once.</summary>
public sealed class RecorderOptions
{
    /// <summary>Where Callwatch is. Default <c>http://127.0.0.1:4318</c>.</summary>
    public Uri Endpoint { get; set; } = new("http://127.0.0.1:4318");

    /// <summary>A key that may send; none is needed on the same machine.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The app of records that name none; null leaves it to the key.</summary>
    public string? App { get; set; }

    /// <summary>Records that may wait in memory; more are dropped and counted. Default 2,048, 1 to 1,000,000.</summary>
    public int QueueRecords { get; set; } = 2_048;

    /// <summary>Most records of one request. Default 100, 1 to 10,000.</summary>
    public int BatchRecords { get; set; } = 100;

    /// <summary>How long a record waits for others. Default 1 s, 0 to 1 min.</summary>
    public TimeSpan BatchDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest a request may take. Default 10 s, 0.1 s to 5 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>First wait after a failure; doubles up to <see cref="MaxDelay"/>. Default 1 s, 1 ms to 1 min.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait. Default 1 min, 1 ms to 1 h.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest the end of the host may wait for what is still to be sent. Default 5 s, 0 to 1 min.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A folder that keeps what could not be sent over a restart; null for none. Two processes must not share one.</summary>
    public string? SpoolFolder { get; set; }

    /// <summary>Most bytes of that folder; beyond, the oldest are dropped and counted. Default 256 MiB, 1 MiB to 1 TiB.</summary>
    public long SpoolBytes { get; set; } = 256L << 20;

    /// <summary>Whether a record without a trace of its own joins that of the current activity. Default true.</summary>
    public bool JoinCurrentActivity { get; set; } = true;

    /// <summary>Where to send is not known: rather nothing than to the wrong place.</summary>
    internal bool IsOff { get; set; }

    /// <summary>A copy within its ranges.</summary>
    /// <param name="say">Is told which setting was not, the range, and what is used.</param>
    internal RecorderOptions Bounded(Action<string, string, string>? say = null) => new()
    {
        Endpoint = SettingText.IsAddress(Endpoint) ? Endpoint : new Uri("http://127.0.0.1:4318"),
        IsOff = IsOff || !SettingText.IsAddress(Endpoint),
        ApiKey = string.IsNullOrWhiteSpace(ApiKey) || !SettingText.IsHeaderValue(ApiKey.Trim()) ? null : ApiKey.Trim(),
        App = string.IsNullOrWhiteSpace(App) ? null : App.Trim(),
        QueueRecords = SettingText.Within("Callwatch:Records:QueueRecords", QueueRecords, 1, 1_000_000, say),
        BatchRecords = SettingText.Within("Callwatch:Records:BatchRecords", BatchRecords, 1, 10_000, say),
        BatchDelay = SettingText.Within("Callwatch:Records:BatchDelay", BatchDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), say),
        Timeout = SettingText.Within("Callwatch:Records:Timeout", Timeout, TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(5), say),
        BaseDelay = SettingText.Within("Callwatch:Records:BaseDelay", BaseDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1), say),
        MaxDelay = SettingText.Within("Callwatch:Records:MaxDelay", MaxDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), say),
        ShutdownTimeout = SettingText.Within("Callwatch:Records:ShutdownTimeout", ShutdownTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(1), say),
        SpoolFolder = string.IsNullOrWhiteSpace(SpoolFolder) ? null : SpoolFolder,
        SpoolBytes = SettingText.Within("Callwatch:Records:SpoolBytes", SpoolBytes, 1L << 20, 1L << 40, say),
        JoinCurrentActivity = JoinCurrentActivity,
    };
}
