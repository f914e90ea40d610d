using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Callwatch.Client.Telemetry.Settings;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Resources;

namespace Callwatch.Client.Telemetry;

/// <summary>Who speaks: service, process, host and system (OpenTelemetry semantic conventions 1.32, with the older names some dashboards still ask for).</summary>
internal static class ResourceAttributes
{
    public static ResourceBuilder Build(CallwatchClientOptions options, SettingSource source, IHostEnvironment? environment)
    {
        var found = Found(options, source, environment);
        var builder = ResourceBuilder.CreateEmpty().AddTelemetrySdk();
        return builder.AddAttributes(found.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value!)));
    }

    /// <summary>All of them; null where something is not known.</summary>
    internal static Dictionary<string, object?> Found(CallwatchClientOptions options, SettingSource source, IHostEnvironment? environment)
    {
        var given = source.Pairs("OTEL_RESOURCE_ATTRIBUTES") ?? [];
        var program = Assembly.GetEntryAssembly();
        var version = program?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', 2);
        var stage = source.Text("DEPLOY_ENV") ?? environment?.EnvironmentName;
        var all = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["service.name"] = Named("APPLICATION_NAME") ?? environment?.ApplicationName ?? program?.GetName().Name ?? "unknown_service",
            ["service.version"] = version?[0],
            ["service.instance.id"] = Guid.NewGuid().ToString(),
            ["process.pid"] = (long)Environment.ProcessId,
            ["process.runtime.name"] = ".NET",
            ["process.runtime.version"] = Environment.Version.ToString(),
            ["deployment.environment"] = stage,
            ["deployment.environment.name"] = stage,
            ["host.name"] = Environment.MachineName,
            ["host.arch"] = Architecture(),
            ["host.id"] = MachineId(),
            ["os.type"] = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : null,
            ["os.description"] = RuntimeInformation.OSDescription,
            ["os.version"] = Environment.OSVersion.Version.ToString(),
            ["custom.deployment.git_commit"] = version is [_, { Length: >= 7 } commit] ? commit : null,
        };
        foreach (var (key, value) in given) all[key] = value;
        if (source.Text("OTEL_SERVICE_NAME") is { } name) all["service.name"] = name;
        // Our own name for it stands above the standard ones; and Callwatch takes traces of keys that may name an app by this.
        if (!string.IsNullOrWhiteSpace(options.App)) (all["service.name"], all["callwatch.app"]) = (options.App.Trim(), options.App.Trim());
        foreach (var (key, value) in options.OpenTelemetry.Resource) all[key] = value;
        return all;

        string? Named(string key) => source.Text(key);
    }

    // As the conventions write them.
    private static string Architecture() => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "x86",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Arm => "arm32",
        var other => other.ToString().ToLower(CultureInfo.InvariantCulture),
    };

    private static string? MachineId()
    {
        try
        {
            return OperatingSystem.IsLinux() && File.Exists("/etc/machine-id") && File.ReadAllText("/etc/machine-id").Trim() is { Length: > 0 } id ? id : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
