using Callwatch.Client.Hosting;
using Callwatch.Client.Telemetry.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Client.Records;

/// <summary>What code changes in the recorder's settings.</summary>
internal sealed record RecorderChange(Action<RecorderOptions> Apply);

/// <summary>Registers the recorder of business traces.</summary>
public static partial class RecorderServices
{
    /// <summary>
    /// Adds <see cref="ICallwatchRecorder"/>. Settings: <c>Callwatch:Endpoint</c>, <c>:ApiKey</c>, <c>:App</c>, and <c>Callwatch:Records:*</c> by the names of
    /// <see cref="RecorderOptions"/>; then <paramref name="configure"/>. A setting that cannot be read is said in one line and left at its default.
    /// </summary>
    public static IServiceCollection AddCallwatchRecorder(this IServiceCollection services, Action<RecorderOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (configure is not null) services.AddSingleton(new RecorderChange(configure));
        services.TryAddSingleton(provider =>
        {
            var log = provider.GetService<ILogger<Recorder>>() ?? NullLogger<Recorder>.Instance;
            var options = provider.GetService<ClientSettings>()?.Options.Records ?? Read(provider.GetService<IConfiguration>(), new RecorderOptions(), log);
            Change(options, provider.GetServices<RecorderChange>(), log);
            return new Recorder(options, provider.GetRequiredService<TimeProvider>(), log);
        });
        services.TryAddSingleton<ICallwatchRecorder>(provider => provider.GetRequiredService<Recorder>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Recorder>(provider => provider.GetRequiredService<Recorder>()));
        return services;
    }

    // The recorder is made while the host starts, which nothing in here may keep from it.
    private static void Change(RecorderOptions options, IEnumerable<RecorderChange> changes, ILogger log)
    {
        foreach (var change in changes)
        {
            try
            {
                change.Apply(options);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                ChangeFailed(log, e.GetType().FullName!);
            }
        }
    }

    /// <param name="alone">Whether address, key and app are to be read too.</param>
    internal static RecorderOptions Read(IConfiguration? settings, RecorderOptions options, ILogger log, bool alone = true)
    {
        if (settings is null) return options;
        if (alone)
        {
            Set("Callwatch:Endpoint", text => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null, uri => options.Endpoint = uri, "an http or https address");
            Set("Callwatch:ApiKey", text => text, key => options.ApiKey = key, "a key");
            Set("Callwatch:App", text => text, app => options.App = app, "a name");
        }

        Number("QueueRecords", number => options.QueueRecords = number);
        Number("BatchRecords", number => options.BatchRecords = number);
        Time("BatchDelay", value => options.BatchDelay = value);
        Time("Timeout", value => options.Timeout = value);
        Time("BaseDelay", value => options.BaseDelay = value);
        Time("MaxDelay", value => options.MaxDelay = value);
        Time("ShutdownTimeout", value => options.ShutdownTimeout = value);
        Set("Callwatch:Records:SpoolFolder", text => text, folder => options.SpoolFolder = folder, "a folder");
        SetValue("Callwatch:Records:SpoolBytes", SettingText.WholeLong, bytes => options.SpoolBytes = bytes, "a number of bytes");
        SetValue("Callwatch:Records:JoinCurrentActivity", SettingText.Flag, flag => options.JoinCurrentActivity = flag, "true or false");
        return options;

        void Number(string name, Action<int> set) =>
            SetValue("Callwatch:Records:" + name, SettingText.Whole, set, "a whole number");

        void Time(string name, Action<TimeSpan> set) =>
            SetValue("Callwatch:Records:" + name, SettingText.Time, set, "milliseconds, or a time such as 00:00:05");

        void Set<T>(string key, Func<string, T?> read, Action<T> set, string what)
            where T : class
        {
            if (settings[key] is not { } text || string.IsNullOrWhiteSpace(text)) return;
            if (read(text.Trim()) is { } value) set(value);
            else BadSetting(log, key, what, "its default");
        }

        void SetValue<T>(string key, Func<string, T?> read, Action<T> set, string what)
            where T : struct
        {
            if (settings[key] is not { } text || string.IsNullOrWhiteSpace(text)) return;
            if (read(text.Trim()) is { } value) set(value);
            else BadSetting(log, key, what, "its default");
        }
    }

    [LoggerMessage(EventId = 528, Level = LogLevel.Warning, Message = "{Setting} must be {What}; {Instead} is used")]
    internal static partial void BadSetting(ILogger log, string setting, string what, string instead);

    [LoggerMessage(EventId = 529, Level = LogLevel.Warning, Message = "What AddCallwatchRecorder() was given to configure itself threw {Type}; it is left where it came to")]
    private static partial void ChangeFailed(ILogger log, string type);
}
