using System.Diagnostics;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Samples;

/// <summary>The library in a program from which everything has been cut that nobody seems to need.</summary>
public sealed class NativeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trimmed_program_is_published_without_a_warning_and_what_it_tells_arrives()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("Published for Linux.");
        using var folder = new TempFolder();
        var published = await RunAsync("dotnet", "publish", Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "samples", "Native")), "-c", "Release", "-r", "linux-x64", "--self-contained",
            "-p:PublishTrimmed=true", "-p:UseSharedCompilation=false", "-o", folder.At("program"));
        Assert.DoesNotContain("warning", published, StringComparison.OrdinalIgnoreCase);

        await using var server = await CallwatchProcess.ServeAsync(folder.At("data"), [], ("Callwatch__Store__BatchDelay", "00:00:00"));
        await using var model = await SampleProcess.StartAsync("Model", folder.Path);
        var answer = await RunAsync("env", "Callwatch__Endpoint=" + server.Url, "Callwatch__App=native", folder.At("program", "Samples.Native"), new Uri(model.Url, "/v1").AbsoluteUri, "Is anything left?");
        Assert.Contains("You said: Is anything left?", answer, StringComparison.Ordinal);

        // It sent what it had before it ended.
        using var http = server.NewHttp();
        await AnswersAsync(http, "/api/v1/calls?app=native", "\"call_source\":\"recorded\"");
        await AnswersAsync(http, "/api/v1/traces?app=native", "\"name\":\"ask\"");
    }

    private static Task<string> AnswersAsync(HttpClient http, string path, string part) => Eventually.AnswersAsync(
        async () => await http.GetStringAsync(new Uri(path, UriKind.Relative), Cancel) is { } text && text.Contains(part, StringComparison.Ordinal) ? text : null, () => $"{path} has {part}");

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1") }) start.Environment[name] = value;
        using var run = Process.Start(start)!;
        var (output, error) = (run.StandardOutput.ReadToEndAsync(Cancel), run.StandardError.ReadToEndAsync(Cancel));
        await run.WaitForExitAsync(Cancel);
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {run.ExitCode}: {await output} {await error}");
        return await output;
    }
}
