using Callwatch.Client.Records;
using Callwatch.Client.Telemetry.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Hosting;

/// <summary>What the application changes in code.</summary>
internal sealed record ClientChange(Action<CallwatchClientOptions> Apply);

/// <summary>The settings as they are in force: read once, from configuration and environment, then what code says. Never throws.</summary>
internal sealed partial class ClientSettings
{
    private readonly List<SettingTrouble> troubles = [];
    private readonly ILogger log;

    public ClientSettings(IEnumerable<ClientChange> changes, IServiceProvider services, ILoggerFactory? logs = null)
    {
        log = logs?.CreateLogger("Callwatch.Client") ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;
        var source = new SettingSource((IConfiguration?)services.GetService(typeof(IConfiguration)));
        CommonSettings.Read(source, Options, troubles);
        RecorderServices.Read(source.Configuration, Options.Records, log, alone: false);
        OpenTelemetrySettings.Read(source, Options, troubles);
        Change(changes);
        var endpoint = Options.Endpoint;
        CommonSettings.Check(Options, troubles);
        CheckTelemetry(source);
        if (ReferenceEquals(Options.Records.Endpoint, endpoint) && troubles.Any(one => one.Off == Signals.Both && one.Text.StartsWith(CommonSettings.Endpoint + " ", StringComparison.Ordinal))) Options.Records.IsOff = true;
        foreach (var trouble in troubles) Wrong(log, trouble.Text);
    }

    public CallwatchClientOptions Options { get; } = new();

    /// <summary>What is wrong, a line each, without secrets.</summary>
    public IReadOnlyList<SettingTrouble> Troubles => troubles;

    private void CheckTelemetry(SettingSource source)
    {
        try
        {
            OpenTelemetrySettings.Check(source, Options, troubles);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Code may have put anything there, null among headers too.
            troubles.Add(new SettingTrouble($"The settings of OpenTelemetry cannot be used ({e.GetType().FullName}); traces and metrics are off", Signals.Both));
        }
    }

    private void Change(IEnumerable<ClientChange> changes)
    {
        var records = Options.Records;
        (records.Endpoint, records.ApiKey, records.App) = (Options.Endpoint, Options.ApiKey, Options.App);
        var before = (records.Endpoint, records.ApiKey, records.App);
        foreach (var change in changes)
        {
            try
            {
                change.Apply(Options);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                ChangeFailed(log, e.GetType().FullName!);
            }
        }

        // What was changed for all holds for records too, unless these were given something of their own.
        if (ReferenceEquals(records.Endpoint, before.Endpoint)) records.Endpoint = Options.Endpoint;
        if (ReferenceEquals(records.ApiKey, before.ApiKey)) records.ApiKey = IsSameHost(records.Endpoint, Options.Endpoint) ? Options.ApiKey : null;
        if (ReferenceEquals(records.App, before.App)) records.App = Options.App;
    }

    // A key goes only to the host it was given for.
    private static bool IsSameHost(Uri? one, Uri? other) => ReferenceEquals(one, other) || (one is { IsAbsoluteUri: true } && other is { IsAbsoluteUri: true } && one.Host == other.Host);

    [LoggerMessage(EventId = 531, Level = LogLevel.Warning, Message = "{Trouble}")]
    private static partial void Wrong(ILogger log, string trouble);

    [LoggerMessage(EventId = 532, Level = LogLevel.Warning, Message = "What AddCallwatch() was given to configure itself threw {Type}; it is left where it came to")]
    private static partial void ChangeFailed(ILogger log, string type);
}
