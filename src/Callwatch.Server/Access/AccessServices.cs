using System.Net;
using Callwatch.Control;
using Callwatch.Journal.Disk;
using Callwatch.Server.Hosting;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

public static class AccessServices
{
    /// <summary>Keys, sign-in and loopback trust (api, section 2). The facts of the first start come as <see cref="StartFacts"/>.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.AddOptions<AccessOptions>().BindConfiguration(AccessOptions.Section).ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<FirstStart>().Ensure(
            provider.GetRequiredService<DataFolder>().Path,
            AdminKeySetting.Read(Environment.GetEnvironmentVariable(AdminKeySetting.Variable), provider.GetRequiredService<IOptions<AccessOptions>>().Value.AdminKeyFile)));
        services.AddSingleton<LoopbackTrust>();
        services.AddSingleton<AllowedHosts>();
        services.AddSingleton<Callers>();
        services.AddSingleton<SignInLinks>();
        services.AddAntiforgery(form =>
        {
            form.Cookie.Name = "callwatch_form";
            form.Cookie.SameSite = SameSiteMode.Strict;
            form.HeaderName = "x-callwatch-form";

            // SecurityHeaders says it, and more, on every page.
            form.SuppressXFrameOptionsHeader = true;
        });

        // Forms must outlive a restart, and nothing may be written outside the data folder.
        services.AddDataProtection().SetApplicationName("callwatch");
        services.AddOptions<KeyManagementOptions>().Configure<DataFolder, ILoggerFactory>((keys, data, logs) =>
            keys.XmlRepository = new FileSystemXmlRepository(OwnersFolder(data), logs));
        return services;
    }

    /// <summary>What stands before routing: who may even speak to us, and what every answer carries.</summary>
    public static void UseAccessBeforeRouting(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseHeadAsGet();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => context.Features.Get<IExceptionHandlerFeature>()?.Error is var error && FullDisk.Is(error) ? WriteFullAsync(context) : WriteBareAsync(context, StatusOf(error)),

            // The sender's fault, and any number of them: no news for the log.
            SuppressDiagnosticsCallback = trouble => StatusOf(trouble.Exception) < StatusCodes.Status500InternalServerError,
        });
        app.UseStatusCodePages(pages => WriteBareAsync(pages.HttpContext, pages.HttpContext.Response.StatusCode));
        var trust = app.Services.GetRequiredService<LoopbackTrust>();
        app.Use((context, next) =>
        {
            context.Features.Set(new LoopbackVerdict(trust.Objection(context), LoopbackTrust.IsFromHere(context)));
            return next(context);
        });
        UseKnownProxies(app);
        var hosts = app.Services.GetRequiredService<AllowedHosts>();
        app.Use((context, next) => hosts.Allows(context.Request.Host)
            ? next(context)
            : Answers.WriteProblemAsync(
                context, StatusCodes.Status421MisdirectedRequest, "host_not_allowed", "The server does not answer to this Host; Callwatch:Http:AllowedHosts lists the names it does."));
    }

    /// <summary>What stands between routing and the endpoints.</summary>
    public static void UseAccess(this WebApplication app)
    {
        app.UseMiddleware<AccessMiddleware>();
        app.UseAntiforgery();
    }

    private static void UseKnownProxies(WebApplication app)
    {
        var known = app.Services.GetRequiredService<IOptions<HttpOptions>>().Value.KnownProxies;
        if (known.Count == 0) return;
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in known)
        {
            if (IPAddress.TryParse(proxy, out var address)) options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(proxy, out var network)) options.KnownIPNetworks.Add(network);
            else throw new StartRefusedException(new StartRefusal.BadSetting(HttpOptions.Section + ":KnownProxies", $"has \"{proxy}\"", "Give addresses or networks, as in 10.0.0.5 or 10.0.0.0/8."));
        }

        app.UseForwardedHeaders(options);
    }

    // A form that cannot be read, whose token was looked for: in it lies what was wrong with the body.
    private static int StatusOf(Exception? error) => error switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        AntiforgeryValidationException { InnerException: BadHttpRequestException bad } => bad.StatusCode,
        AntiforgeryValidationException => StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static Task WriteBareAsync(HttpContext context, int status)
    {
        if (status == StatusCodes.Status405MethodNotAllowed) HeadRequests.NameHeadAsAllowed(context.Response);
        return Answers.WriteProblemAsync(context, status, Problems.CodeOf(status), WordsOf(status));
    }

    private static string WordsOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this address.",
        StatusCodes.Status405MethodNotAllowed => "The address does not take this method.",
        StatusCodes.Status408RequestTimeout => "The request came too slowly.",
        StatusCodes.Status413PayloadTooLarge => "The body is larger than this address takes.",
        StatusCodes.Status415UnsupportedMediaType => "The address does not take a body of this Content-Type.",
        >= 500 => "Something went wrong here. The server's log says what.",
        _ => "The request cannot be understood.",
    };

    // Whatever wanted to write: a change is one transaction, so none of it is there.
    private static Task WriteFullAsync(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "60";
        return Answers.WriteProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "disk_full", FullDisk.Words);
    }

    private static DirectoryInfo OwnersFolder(DataFolder data)
    {
        var path = Path.Combine(data.Path, "forms");
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
