using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Xml.Linq;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Package;

/// <summary>The package as it is packed, and a program that has nothing but it.</summary>
public sealed class PackageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_package_has_readme_licence_documentation_and_symbols_and_a_fresh_program_builds_and_runs_with_it()
    {
        var folder = Directory.CreateTempSubdirectory("callwatch-package-").FullName;
        try
        {
            var feed = Path.Combine(folder, "feed");
            await DotnetAsync(Root(), "pack", "src/Callwatch.Client/Callwatch.Client.csproj", "--no-build", "-c", Configuration, "-o", feed);
            var package = Assert.Single(Directory.GetFiles(feed, "*.nupkg"));
            Assert.Single(Directory.GetFiles(feed, "*.snupkg"));
            await ReadAsync(package);

            var program = Directory.CreateDirectory(Path.Combine(folder, "shop")).FullName;
            Place(program, feed, Path.GetFileNameWithoutExtension(package)["Callwatch.Client.".Length..]);
            await DotnetAsync(program, "build", "-c", "Release", "-o", "out", "-p:UseSharedCompilation=false");
            await AskAsync(program);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static async Task ReadAsync(string package)
    {
        using var zip = await ZipFile.OpenReadAsync(package, Cancel);
        var names = zip.Entries.Select(entry => entry.FullName).ToList();
        foreach (var wanted in (string[])["README.md", "lib/net10.0/Callwatch.Client.dll", "lib/net10.0/Callwatch.Client.xml", "build/Callwatch.Client.targets", "buildTransitive/Callwatch.Client.targets", "source/CallwatchChatClient.cs", "source/CallwatchHangfire.cs"])
            Assert.Contains(wanted, names);
        await using var stream = await zip.GetEntry("Callwatch.Client.nuspec")!.OpenAsync(Cancel);
        var about = (await XDocument.LoadAsync(stream, LoadOptions.None, Cancel)).Root!.Elements().Single().Elements().ToDictionary(element => element.Name.LocalName, element => element.Value, StringComparer.Ordinal);
        Assert.Equal(("Callwatch.Client", "Apache-2.0", "README.md"), (about["id"], about["license"], about["readme"]));
        Assert.NotEmpty(about["description"]);
    }

    // Packages of the machine's own folder are at hand, and ours is put elsewhere: another test run must not find this one's.
    private static void Place(string folder, string feed, string version)
    {
        var known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{feed}" /></packageSources>
              <fallbackPackageFolders><add key="known" value="{known}" /></fallbackPackageFolders>
              <config><add key="globalPackagesFolder" value="{Path.Combine(folder, "..", "packages")}" /></config>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(folder, "shop.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Callwatch.Client" Version="{version}" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Guide());
    }

    /// <summary>The program of the guide, as it stands there.</summary>
    private static string Guide()
    {
        var guide = File.ReadAllText(Path.Combine(Root(), "docs", "integrate-dotnet.md")).ReplaceLineEndings("\n");
        const string Mark = "<!-- sample: shop/Program.cs -->\n```csharp\n";
        var at = guide.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        return guide[at..guide.IndexOf("```", at, StringComparison.Ordinal)];
    }

    // Asks the program something, and waits for its trace.
    private static async Task AskAsync(string folder)
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await Provider.StartAsync(http => Task.CompletedTask);
        // One ends after the other, and a batch may be sent between the two.
        var awaited = new ConcurrentDictionary<string, bool> { ["chat acme-7b"] = false, ["GET /ask"] = false };
        receiver.Received = (path, body) =>
        {
            if (path != "/v1/traces") return;
            foreach (var name in awaited.Keys.Where(name => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0)) awaited[name] = true;
            if (awaited.Values.All(has => has)) came.TrySetResult();
        };
        var start = new ProcessStartInfo("dotnet", Path.Combine("out", "shop.dll")) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var (name, value) in new[] { ("Callwatch__Endpoint", receiver.Url.AbsoluteUri), ("ASPNETCORE_URLS", "http://127.0.0.1:0"), ("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "100") }) start.Environment[name] = value;
        using var run = Process.Start(start)!;
        try
        {
            Uri? url = null;
            while (url is null && await run.StandardOutput.ReadLineAsync(Cancel) is { } line)
                if (line.IndexOf("http://127", StringComparison.Ordinal) is >= 0 and var at) url = new Uri(line[at..]);
            using var http = new HttpClient { BaseAddress = url };
            Assert.Equal("You asked: hello", await http.GetStringAsync(new Uri("/ask?q=hello", UriKind.Relative), Cancel));
            await came.Task.WithPatience("what it tells arrives");
        }
        finally
        {
            run.Kill();
            await run.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static Task<string> DotnetAsync(string folder, params string[] arguments) => RunAsync(folder, "dotnet", arguments);

    private static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in new[] { ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1") }) start.Environment[name] = value;
        // What a test host sets for itself is not meant for the program.
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment.Remove("MSBUILD_EXE_PATH");
        using var run = Process.Start(start)!;
        var (output, error) = (run.StandardOutput.ReadToEndAsync(Cancel), run.StandardError.ReadToEndAsync(Cancel));
        await run.WaitForExitAsync(Cancel);
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {run.ExitCode}: {await output} {await error}");
        return await output;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
